"""Enqueues one notification over the bus and returns when the broker has confirmed it.

    publish_notification.py TENANT IDEMPOTENCY_KEY MESSAGE

MESSAGE is the JSON body of POST /v1/messages, or - for standard input. The broker is AMQP_URL;
WAYPOST_AMQP_PREFIX is set where several installations share one broker. Needs the package pika.
"""

import json
import os
import sys
import uuid

import pika


def main(tenant: str, idempotency_key: str, message: str) -> None:
    body = json.loads(sys.stdin.read() if message == "-" else message)
    body |= {"tenant": tenant, "idempotency_key": idempotency_key}
    prefix = os.environ.get("WAYPOST_AMQP_PREFIX")
    exchange = f"{prefix}.waypost.notify" if prefix else "waypost.notify"

    with pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])) as connection:
        channel = connection.channel()
        channel.confirm_delivery()  # from here on a publish returns once the broker has it, or raises
        channel.basic_publish(
            exchange=exchange,
            routing_key=tenant,
            body=json.dumps(body).encode(),
            properties=pika.BasicProperties(
                content_type="application/json",
                delivery_mode=pika.DeliveryMode.Persistent,
                message_id=str(uuid.uuid4()),
            ),
            mandatory=True,
        )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
