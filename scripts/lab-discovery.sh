#!/bin/bash
# Starts a laboratory of more than 30 hosts from Debian packages in network namespaces, discovers it, scans it
# with nmap in the same run, and compares. Needs root. Everything it starts ends with it.
#
#   scripts/lab-discovery.sh [--programs FOLDER] [--keep FOLDER]
#
# The programs are the examples `discover` and `observe` of curex-discovery; they are built if no folder is given. While
# the one asks, the other watches the same network without asking. Packages:
#   openssh-server nginx apache2 lighttpd orthanc dcmtk snmpd samba mosquitto postgresql-15 mariadb-server
#   redis-server proftpd-core exim4-daemon-light dropbear-bin nmap iproute2 openssl python3
# Nothing is sent outside the namespaces: their network (10.231.0.0/24) has no way out.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
programs=
keep=
while [ $# -gt 0 ]; do
	case $1 in
		--programs) programs=$2; shift 2 ;;
		--keep) keep=$2; shift 2 ;;
		*) echo "unknown argument $1" >&2; exit 2 ;;
	esac
done
[ "$(id -u)" = 0 ] || { echo "namespaces need root" >&2; exit 2; }
if [ -z "$programs" ]; then
	(cd "$root" && cargo build --release -p curex-discovery --example discover --example observe)
	programs=${CARGO_TARGET_DIR:-$root/target}/release/examples
fi
export PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in sshd nginx apache2 lighttpd Orthanc storescp snmpd smbd mosquitto mariadbd redis-server \
	proftpd exim4 dropbear nmap ip openssl python3; do
	command -v $tool >/dev/null || missing="$missing $tool"
done
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$postgres" ] || missing="$missing postgresql"
[ -z "$missing" ] || { echo "missing programs:$missing; install the packages named above" >&2; exit 2; }

work=${keep:-$(mktemp -d)}
mkdir -p "$work"
chmod 755 "$work"
id=lab$$
bridge=br$$
pids=()
hosts=()
stop() {
	for pid in "${pids[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2>/dev/null || true; done
	sleep 0.5
	for host in "${hosts[@]:-}"; do
		[ -n "$host" ] || continue
		# Daemons that left their parent: only those in our own namespaces.
		for pid in $(ip netns pids "$host" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
		ip netns del "$host" 2>/dev/null || true
	done
	ip netns del "$id" 2>/dev/null || true
	[ -n "$keep" ] || rm -rf "$work"
}
trap stop EXIT

# One namespace is the switch and the scanner.
ip netns add "$id"
ip -n "$id" link set lo up
ip -n "$id" link add "$bridge" type bridge
ip -n "$id" addr add 10.231.0.254/24 dev "$bridge"
ip -n "$id" link set "$bridge" up

count=0
# host NAME: makes the next host and sets $ns, $ip and $dir.
host() {
	count=$((count + 1))
	ns=$id-$count
	ip=10.231.0.$count
	dir=$work/$count-$1
	mkdir -p "$dir"
	chmod 777 "$dir"
	ip netns add "$ns"
	hosts+=("$ns")
	ip -n "$ns" link set lo up
	ip link add "e$$-$count" netns "$id" type veth peer name eth0 netns "$ns"
	ip -n "$id" link set "e$$-$count" master "$bridge" up
	ip -n "$ns" addr add "$ip/24" dev eth0
	ip -n "$ns" link set eth0 up
}
run() {
	ip netns exec "$ns" "$@" >"$dir/log" 2>&1 </dev/null &
	pids+=($!)
}
# expect PORT TRANSPORT PROTOCOL PRODUCT PACKAGE [NMAP-PRODUCT]: what is there, the version as Debian's package
# has it (`-` for none).
expect() {
	local version=-
	if [ "$5" != - ]; then
		version=$(dpkg-query -W -f '${Version}' "$5" | sed -E 's/^[0-9]+://; s/-[^-]*$//; s/[+~](dfsg|ds).*//')
	fi
	echo "$ip $1 $2 $3 $4 $version ${6:-$4}" >>"$work/expected"
}
: >"$work/expected"
mkdir -p /run/sshd

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/O=Laboratory/CN=web.lab" \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
chmod 644 "$work/key.pem"

for n in 1 2 3 4 5; do
	host ssh
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	ssh-keygen -lf "$dir/key.pub" | awk '{ print $2 }' >>"$work/host-keys"
	run "$(command -v sshd)" -D -e -f /dev/null -h "$dir/key" -o PidFile=none -o UsePAM=no
	expect 22 tcp ssh openssh openssh-server OpenSSH
done
host dropbear
dropbearkey -t ed25519 -f "$dir/key" >/dev/null 2>&1
run dropbear -F -E -r "$dir/key" -p 22
expect 22 tcp ssh dropbear dropbear-bin Dropbear

web_page() { echo "<html><title>laboratory</title></html>" >"$dir/index.html"; }
for n in 1 2 3 4; do
	host nginx
	web_page
	tls=
	if [ $n -gt 2 ]; then
		tls="server { listen 443 ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem; root $dir; }"
	fi
	cat >"$dir/conf" <<-EOF
		daemon off; pid $dir/pid; error_log $dir/error; worker_processes 1;
		events { worker_connections 64; }
		http { access_log off; client_body_temp_path $dir/a; proxy_temp_path $dir/b; fastcgi_temp_path $dir/c;
			uwsgi_temp_path $dir/d; scgi_temp_path $dir/e; server { listen 80; root $dir; } $tls }
	EOF
	run nginx -c "$dir/conf" -e "$dir/error"
	expect 80 tcp http nginx nginx nginx
	[ -z "$tls" ] || expect 443 tcp http nginx nginx nginx
done
for n in 1 2 3; do
	host apache
	web_page
	cat >"$dir/conf" <<-EOF
		ServerRoot $dir
		ServerName $ip
		PidFile $dir/pid
		ErrorLog $dir/error
		Listen 80
		User nobody
		Group nogroup
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		DocumentRoot $dir
	EOF
	run apache2 -DFOREGROUND -f "$dir/conf"
	expect 80 tcp http apache apache2-bin Apache
done
host lighttpd
web_page
printf 'server.document-root = "%s"\nserver.port = 80\nindex-file.names = ("index.html")\n' "$dir" >"$dir/conf"
run lighttpd -D -f "$dir/conf"
expect 80 tcp http lighttpd lighttpd lighttpd

for n in 1 2 3; do
	host orthanc
	cat >"$dir/conf.json" <<-EOF
		{"StorageDirectory": "$dir", "IndexDirectory": "$dir", "HttpPort": 8042, "DicomPort": 4242,
			"RemoteAccessAllowed": true, "AuthenticationEnabled": false, "DicomAet": "LAB$n"}
	EOF
	run Orthanc "$dir/conf.json"
	expect 8042 tcp http orthanc orthanc Orthanc
	expect 4242 tcp dicom orthanc orthanc Orthanc
done
for n in 1 2 3; do
	host dcmtk
	run storescp -od "$dir" 11112
	expect 11112 tcp dicom dcmtk libdcmtk17 DCMTK
done
for n in 1 2 3; do
	host snmp
	printf 'rocommunity public\nagentaddress udp:161\n' >"$dir/conf"
	run env SNMP_PERSISTENT_DIR="$dir" snmpd -f -Lo -C -c "$dir/conf" -I -smux
	expect 161 udp snmp net-snmp snmpd net-snmp
done
for n in 1 2; do
	host samba
	mkdir -p "$dir"/{lock,state,cache,private,pid,ncalrpc}
	cat >"$dir/conf" <<-EOF
		[global]
		lock directory = $dir/lock
		state directory = $dir/state
		cache directory = $dir/cache
		private dir = $dir/private
		pid directory = $dir/pid
		ncalrpc dir = $dir/ncalrpc
		log file = $dir/smbd
		disable netbios = yes
		smb ports = 445
		load printers = no
	EOF
	# Samba ends its whole process group when it is told to end: it gets one of its own.
	run setsid smbd -F --no-process-group -s "$dir/conf"
	expect 445 tcp smb samba samba Samba
done
for n in 1 2; do
	host mosquitto
	printf 'listener 1883 0.0.0.0\nallow_anonymous true\nuser root\n' >"$dir/conf"
	run mosquitto -c "$dir/conf"
	expect 1883 tcp mqtt mosquitto mosquitto mosquitto
done
for n in 1 2; do
	host postgresql
	chown postgres "$dir"
	setpriv --reuid postgres --regid postgres --clear-groups "$postgres/initdb" -D "$dir/data" >/dev/null
	run setpriv --reuid postgres --regid postgres --clear-groups \
		"$postgres/postgres" -D "$dir/data" -h 0.0.0.0 -k "$dir"
	expect 5432 tcp postgresql postgresql "$(basename "$(dirname "$postgres")" | sed 's/^/postgresql-/')" PostgreSQL
done
host mariadb
chown mysql "$dir"
mariadb-install-db --no-defaults --user=mysql --datadir="$dir/data" --skip-test-db >"$dir/install" 2>&1
run mariadbd --no-defaults --user=mysql --datadir="$dir/data" --socket="$dir/sock" --bind-address=0.0.0.0 \
	--pid-file="$dir/pid" --skip-name-resolve --skip-grant-tables --skip-networking=0
expect 3306 tcp mysql mariadb mariadb-server-core MariaDB
host redis
run redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --dir "$dir"
expect 6379 tcp redis redis redis-server Redis
host proftpd
mkdir -p -m 755 "$dir/run"
printf 'ServerName lab\nServerType standalone\nPort 21\nUser nobody\nGroup nogroup\nPidFile %s\nScoreboardFile %s\nDelayEngine off\nWtmpLog off\n' \
	"$dir/run/pid" "$dir/run/board" >"$dir/conf"
run proftpd -n -c "$dir/conf"
expect 21 tcp ftp proftpd - ProFTPD
host exim
mkdir -p -m 777 "$dir/spool"
cat >"$dir/conf" <<-EOF
	primary_hostname = mail.lab
	spool_directory = $dir/spool
	log_file_path = $dir/%slog
	host_lookup =
	rfc1413_query_timeout = 0s
	pid_file_path = $dir/spool/pid
EOF
chmod 644 "$dir/conf"
run exim4 -C "$dir/conf" -bdf -oX 25
expect 25 tcp smtp exim exim4-daemon-light Exim

# An HL7 interface that writes down whatever it is sent, and answers as the standard asks.
cat >"$work/mllp.py" <<-'EOF'
	import socketserver, sys
	class Handler(socketserver.BaseRequestHandler):
	    def handle(self):
	        while data := self.request.recv(65536):
	            with open(sys.argv[1], "ab") as log:
	                log.write(data)
	            self.request.sendall(b"\x0bMSH|^~\\&|LABENGINE|WARD|||20260101||ACK|1|P|2.5\rMSA|AR|1\r\x1c\r")
	socketserver.ThreadingTCPServer.allow_reuse_address = True
	socketserver.ThreadingTCPServer(("0.0.0.0", 2575), Handler).serve_forever()
EOF
host mllp
mllp_asked=$dir/received
mllp_asked_ip=$ip
run python3 "$work/mllp.py" "$mllp_asked"
expect 2575 tcp hl7 labengine - labengine
host mllp-not-to-be-asked
mllp_quiet=$dir/received
run python3 "$work/mllp.py" "$mllp_quiet"
# A FHIR server.
cat >"$work/fhir.py" <<-'EOF'
	import http.server, json
	class Handler(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        body = json.dumps({"resourceType": "CapabilityStatement", "status": "active", "fhirVersion": "4.0.1",
	            "software": {"name": "Lab FHIR", "version": "3.2.1"}}).encode()
	        found = self.path == "/fhir/metadata"
	        self.send_response(200 if found else 404)
	        self.send_header("Content-Type", "application/fhir+json")
	        self.end_headers()
	        self.wfile.write(body if found else b"")
	http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
EOF
host fhir
run python3 "$work/fhir.py"
echo "$ip 8080 tcp fhir lab_fhir 3.2.1 FHIR" >>"$work/expected"
targets=$count

# Two hosts that must not be touched: a patient-connected device, and one that the policy does not list.
cat >"$work/trap.py" <<-'EOF'
	import socket, sys, threading
	def serve(port):
	    listener = socket.create_server(("0.0.0.0", port))
	    while True:
	        connection, peer = listener.accept()
	        with open(sys.argv[1], "a") as log:
	            log.write(f"{peer} at {port}\n")
	        connection.close()
	for port in (22, 80, 104, 443, 2575, 11112):
	    threading.Thread(target=serve, args=(port,)).start()
EOF
host patient-connected
run python3 "$work/trap.py" "$dir/touched"
pump_ip=$ip
pump_log=$dir/touched
host not-listed
run python3 "$work/trap.py" "$dir/touched"
outside_log=$dir/touched

ports=21,22,25,80,104,443,445,1883,2575,3306,4242,5432,6379,8042,8080,11112
echo "waiting for the services of $count hosts" >&2
ip netns exec "$id" python3 - "$work/expected" <<-'EOF'
	import socket, sys, time
	rows = [line.split() for line in open(sys.argv[1])]
	waiting = {(row[0], int(row[1])) for row in rows if row[2] == "tcp"}
	end = time.time() + 60
	while waiting and time.time() < end:
	    for at in sorted(waiting):
	        try:
	            socket.create_connection(at, 1).close()
	            waiting.discard(at)
	        except OSError:
	            pass
	    time.sleep(0.3)
	for ip, port in sorted(waiting):
	    print(f"{ip} port {port} did not start", file=sys.stderr)
EOF
sleep 2
: >"$mllp_asked" # what the waiting touched does not count
rm -f "$mllp_quiet"

python3 - "$targets" "$ports" "$mllp_asked_ip" "$pump_ip" >"$work/policy.json" <<-'EOF'
	import json, sys
	targets, ports, asked, pump = int(sys.argv[1]), [int(p) for p in sys.argv[2].split(",")], sys.argv[3], sys.argv[4]
	entry = lambda ip, kind: {"address": ip, "tcp_ports": ports, "udp_ports": [161], "device_class": kind,
	    "this_host": True, "allow_hl7_query": ip == asked}
	hosts = [entry(f"10.231.0.{n}", "server") for n in range(1, targets + 1)] + [entry(pump, "patient-connected")]
	print(json.dumps({"active": True, "targets": hosts, "probes_per_second": 1000, "timeout_ms": 1500,
	    "host_packages": "/var/lib/dpkg/status"}))
EOF

echo "discovering, and watching meanwhile" >&2
ip netns exec "$id" "$programs/observe" "$bridge" >"$work/observed.json" &
watcher=$!
pids+=("$watcher")
sleep 1
# What waiting for the services left in memory would not be asked for again, and so not be seen.
ip -n "$id" neigh flush dev "$bridge"
ip netns exec "$id" "$programs/discover" "$work/policy.json" "$work/audit.ndjson" >"$work/ours.json"
kill -INT "$watcher" 2>/dev/null || true
wait "$watcher" || { echo "watching the interface failed" >&2; exit 1; }
mllp_sent=$(wc -c <"$mllp_asked")
quiet_sent=$( [ -s "$mllp_quiet" ] && wc -c <"$mllp_quiet" || echo 0)
touch "$pump_log" "$outside_log"
touched=$(cat "$pump_log" "$outside_log" | wc -l)

echo "scanning with nmap -sT -sV" >&2
began=$(date +%s.%N)
ip netns exec "$id" nmap -n -Pn -sT -sV -p "$ports" -oX "$work/nmap.xml" "10.231.0.1-$targets" >/dev/null
ended=$(date +%s.%N)

python3 - "$work" "$began" "$ended" "$mllp_sent" "$quiet_sent" "$touched" "$targets" "$pump_ip" <<-'EOF'
	import json, sys, collections, xml.etree.ElementTree as tree
	work, began, ended = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
	mllp_sent, quiet_sent, touched, targets, pump = *map(int, sys.argv[4:8]), sys.argv[8]
	expected = [line.split() for line in open(f"{work}/expected")]
	ours = json.load(open(f"{work}/ours.json"))
	observed = json.load(open(f"{work}/observed.json"))
	audit = [json.loads(line) for line in open(f"{work}/audit.ndjson")]
	found = collections.defaultdict(list)
	for asset in ours["snapshot"]["assets"]:
	    for s in asset["services"]:
	        package = s["package"] or {}
	        upstream = package.get("version", "").split(":")[-1].rsplit("-", 1)[0]
	        for mark in ("+dfsg", "+ds", "~dfsg"):
	            upstream = upstream.split(mark)[0]
	        found[(s["address"], str(s["port"]), s["transport"])].append(
	            (s["product"] or "", s["version"] or upstream or "-", s["protocol"]))
	theirs = {}
	for host in tree.parse(f"{work}/nmap.xml").getroot().iter("host"):
	    ip = host.find("address").get("addr")
	    for port in host.iter("port"):
	        if port.find("state").get("state") == "open":
	            service = port.find("service")
	            get = (lambda key: service.get(key) or "") if service is not None else (lambda key: "")
	            theirs[(ip, port.get("portid"), "tcp")] = (get("product"), get("version"))
	rows, totals = [], collections.Counter()
	for ip, port, transport, protocol, product, version, other in expected:
	    key = (ip, port, transport)
	    mine = found.get(key, [])
	    named = any(p == product for p, _, _ in mine)
	    right = any(p == product and (version == "-" or v == version) for p, v, _ in mine)
	    nmap = theirs.get(key)
	    nmap_named = bool(nmap) and other.lower() in nmap[0].lower()
	    nmap_right = nmap_named and (version == "-" or nmap[1].split()[:1] == [version])
	    totals.update({"expected": 1, "ours_found": bool(mine), "ours_product": named, "ours_version": right,
	        "nmap_found": bool(nmap), "nmap_product": nmap_named, "nmap_version": nmap_right})
	    if not right:
	        rows.append({"at": f"{ip}:{port}/{transport}", "expected": f"{product} {version}", "ours": mine, "nmap": nmap})
	tcp = sum(row[2] == "tcp" for row in expected)
	open_ours = {key for key in found if key[2] == "tcp"}
	allowed = {f"10.231.0.{n}" for n in range(1, targets + 1)}
	watched = [a for a in observed["snapshot"]["assets"] if a["address"] in allowed]
	bound = sum(any("mac" in i for i in a.get("identities", [])) for a in watched)
	passed_by = {(s["address"], str(s["port"]), s["product"]) for a in watched for s in a["services"] if s["product"]}
	seen = sum((row[0], row[1], row[4]) in passed_by for row in expected)
	# Whether every OpenSSH server is known by the key that it was given, and every other one by some.
	given = set(open(f"{work}/host-keys").read().split())
	keys = [i["ssh_host_key"] for a in ours["snapshot"]["assets"] for i in a.get("identities", []) if "ssh_host_key" in i]
	keys_right = given <= set(keys) and len(keys) == sum(row[3] == "ssh" for row in expected)
	seconds = ended - began
	print(json.dumps({
	    "hosts": targets, "services": totals["expected"], "tcp_services": tcp, **totals,
	    "open_tcp_ports": {"ours": len(open_ours), "nmap": len(theirs), "only_nmap": sorted(map(str, theirs.keys() - open_ours))},
	    "ours_seconds": round(ours["seconds"], 2), "nmap_seconds": round(seconds, 2),
	    "time_ratio": round(ours["seconds"] / seconds, 3), "probes": ours["probes"],
	    "ssh_host_keys": len(keys), "ssh_host_keys_right": keys_right,
	    "outside_the_policy": sum(p["address"] not in allowed for p in audit),
	    "held_back": [h["address"] for h in ours["snapshot"]["held_back"]],
	    "connections_to_untouchable_hosts": touched,
	    "bytes_to_the_hl7_port_without_permission": quiet_sent, "bytes_to_the_hl7_port_with_permission": mllp_sent,
	    "watched": {"frames": observed["frames"], "hosts": len(watched), "bound_to_interfaces": bound,
	        "products_right": seen},
	    "not_right": rows}, indent=1))
	good = (totals["ours_found"] >= totals["nmap_found"] and totals["ours_version"] > totals["nmap_version"]
	    and ours["seconds"] <= seconds / 3 and bound == targets and touched == 0 and quiet_sent == 0 and keys_right
	    and all(p["address"] in allowed for p in audit))
	sys.exit(0 if good else 1)
EOF
