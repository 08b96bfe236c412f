"""The same, awaited."""

import asyncio
import json
import os
from curex import Account, AsyncClient


async def ask() -> None:
    desk = Account.from_file("desk.json", password_file="desk.password")
    client = await AsyncClient.connect(os.environ["CUREX_NODE"], desk)
    with open("request.json") as spec:
        pending = await client.request(json.load(spec))
    delivery = await client.receive(pending, timeout=600)
    await client.acknowledge(pending.id, delivery.acknowledgement)
    print(len(delivery.document["entry"]), "resources")


asyncio.run(ask())
