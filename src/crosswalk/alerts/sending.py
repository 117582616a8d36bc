"""Sends one message by one channel, whatever its kind."""

from datetime import timedelta

import httpx2

from crosswalk.alerts import mail, messages, web_posts
from crosswalk.alerts.channels import Channel, ChannelKind
from crosswalk.alerts.messages import Message
from crosswalk.errors import AlertNotSentError
from crosswalk.turn.context import Engine


async def send(engine: Engine, http: httpx2.AsyncClient, channel: Channel, message: Message) -> None:
    """Send a message; raise `AlertNotSentError` with what to mend when the channel does not take it."""

    def later(sentence: str) -> AlertNotSentError:
        return AlertNotSentError(sentence, engine.clock.now() + timedelta(seconds=engine.timings.alert_retry))

    if not channel.details:
        raise later("The key that sealed this channel is lost; remove the channel and add it anew.")
    match channel.kind:
        case ChannelKind.MAIL:
            await mail.send(channel.details, message, later)
        case ChannelKind.WEBHOOK:
            await web_posts.send_signed(http, channel.details, message, engine.clock.now(), later)
        case ChannelKind.CHAT:
            await web_posts.send_text(http, channel.details, message, later)


async def send_test(engine: Engine, http: httpx2.AsyncClient, channel: Channel) -> None:
    """Send a message that only shows that the channel works; raises as `send` does."""
    await send(engine, http, channel, messages.test(engine.settings, engine.ids.new(), engine.clock.now()))
