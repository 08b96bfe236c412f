"""The example of the README, against the node that CUREX_NODE names."""

import json
import os
from curex import Account, Client

desk = Account.from_file("desk.json", password_file="desk.password")
client = Client.connect(os.environ["CUREX_NODE"], desk)
with open("request.json") as spec:
    pending = client.request(json.load(spec))
delivery = client.receive(pending, timeout=600)
client.acknowledge(pending.id, delivery.acknowledgement)
print(len(delivery.document["entry"]), "resources")
