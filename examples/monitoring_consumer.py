"""Follow agreement live from your own code: python examples/monitoring_consumer.py HOST:PORT."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer

from prefstream.schemas.codec import decode
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.topics import METRICS_UPDATED


async def main(bootstrap: str) -> None:
    async with AIOKafkaConsumer(
        METRICS_UPDATED.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        async for record in consumer:
            event = decode(record.value)
            if isinstance(event, MetricsUpdated) and event.window == "all":
                for one in event.measurements:
                    print(event.slice, one.statistic, one.value if one.value is not None else one.reason)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
