// Says when a block was indexed after the one that this page shows, and offers to show it. What people read stands in the
// page; here is only what happens.
"use strict";

const notice = document.getElementById("live");

if (notice) {
	const source = new EventSource("/live");
	source.addEventListener("block", ({ data }) => {
		if (Number(data) <= Number(notice.dataset.block)) return;
		notice.querySelector("span").textContent = data;
		notice.hidden = false;
	});
	// A page that nobody looks at any more keeps no connection.
	addEventListener("pagehide", () => source.close());
}
