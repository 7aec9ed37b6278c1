"""Sends through Waypost with pywa, a client of Meta's Cloud API that knows nothing of Waypost.

    cloud_api_client.py URL PHONE_NUMBER_ID RECIPIENT

URL is where the admin API is, such as http://127.0.0.1:8081; the API key is WAYPOST_API_KEY. Needs
the package pywa. Sends a text and a template, prints their ids, and shows what a wrong message raises.
"""

import os
import sys

import httpx
from pywa import WhatsApp, errors
from pywa.types.templates import BodyText, TemplateLanguage


def main(url: str, phone_number_id: str, recipient: str) -> None:
    session = httpx.Client()
    whatsapp = WhatsApp(phone_id=phone_number_id, token=os.environ["WAYPOST_API_KEY"], session=session)
    session.base_url = f"{url.rstrip('/')}/v25.0"  # all that differs from a use with Meta

    text = whatsapp.send_message(to=recipient, text="Your table is ready.")
    template = whatsapp.send_template(
        to=recipient,
        name="order_ready",
        language=TemplateLanguage.ENGLISH_US,
        params=[BodyText.params("Ada", "A-17")],
    )
    print(text.id, template.id, sep="\n")

    try:
        whatsapp.send_message(to=recipient, text="")
    except errors.InvalidParameter as refusal:
        print(f"{type(refusal).__name__}: {refusal.details}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
