"""Bring Apache Kafka's jars into the user's cache before tests need them, or say why not."""

from prefstream.adapters.local.kafka_jars import Missing, fetch, kafka_available

if __name__ == "__main__":
    found = kafka_available()
    if isinstance(found, Missing):
        print(f"Apache Kafka: {found.reason}. {found.fix}")
    else:
        fetch(on_progress=print)
