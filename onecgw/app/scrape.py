"""GET /metrics of a gateway with several processes: one answers for all, with a label each."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from onecgw.app.lifespan import ProcessState
from onecgw.app.metrics import FunctionCollector
from onecgw.peers import SCRAPE, SCRAPED

ANSWER_SECONDS: Final = 1  # a process that does not answer is left out


@attrs.frozen
class _Scraped:
    """The metrics of one process, for the scrape of an id."""

    id: str
    worker: int
    text: bytes


def make_render_metrics(state: ProcessState, workers: int) -> Callable[[], Awaitable[bytes]]:
    """The function that renders the metrics of all processes.

    Args:
        state: of this process.
        workers: how many processes there are.
    """
    waiting: dict[str, trio.MemorySendChannel[_Scraped]] = {}

    def answer(scrape_id: str) -> None:
        scraped = _Scraped(scrape_id, state.worker, state.metrics.render())
        state.peers.publish(SCRAPED, scraped)

    def take(scraped: _Scraped) -> None:
        if scraped.id in waiting:
            waiting[scraped.id].send_nowait(scraped)

    async def render() -> bytes:
        own = state.metrics.render()
        if not state.worker:
            return own + state.metrics.render_shared()
        scrape_id = secrets.token_hex(8)
        parts = [_Scraped(scrape_id, state.worker, own)]
        answers, of_peers = trio.open_memory_channel[_Scraped](workers)
        waiting[scrape_id] = answers
        try:
            state.peers.publish(SCRAPE, scrape_id)
            with trio.move_on_after(ANSWER_SECONDS):
                while len(parts) < workers:
                    parts.append(await of_peers.receive())
        finally:
            del waiting[scrape_id]
        return merge_metrics({part.worker: part.text for part in parts}) + (
            state.metrics.render_shared()
        )

    state.peers.subscribe(SCRAPE, answer)
    state.peers.subscribe(SCRAPED, take)
    return render


def merge_metrics(texts: dict[int, bytes]) -> bytes:
    """Return the metrics of several processes as one text, with the label `worker`."""
    merged: dict[str, Metric] = {}
    for worker, text in sorted(texts.items()):
        for family in text_string_to_metric_families(text.decode()):
            metric = merged.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            for sample in family.samples:
                labels = {**sample.labels, "worker": str(worker)}
                metric.add_sample(sample.name, labels, sample.value)
    return generate_latest(FunctionCollector(merged.values))
