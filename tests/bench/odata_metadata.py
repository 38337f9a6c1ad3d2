"""What reading `$metadata` of a whole УТ takes: python -m tests.bench.odata_metadata."""

import resource
import time
from collections.abc import Iterator

from onecgw.backends.odata.metadata import MetadataReader, types_of
from onecgw.backends.odata.profile_reader import load_profile

BYTES = 17_000_000


def document() -> Iterator[bytes]:
    """As many types as fill the size, with names of the length that 1C's have."""
    yield b'<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm">'
    sent = number = 0
    while sent < BYTES:
        fields = "".join(
            f'<Property Name="Реквизит{place}_Key" Type="Edm.Guid" Nullable="true"/>'
            for place in range(25)
        )
        chunk = f'<EntityType Name="Catalog_Справочник{number}">{fields}</EntityType>'.encode()
        sent += len(chunk)
        number += 1
        yield chunk
    yield b"</Schema>"


def main() -> None:
    """Print the processor's time and the peak of memory, the whole answer held as bytes."""
    wanted = types_of(load_profile("ut").entity_sets())
    body = b"".join(document())
    started = time.process_time()
    reader = MetadataReader(wanted)
    for start in range(0, len(body), 1 << 16):
        reader.feed(body[start : start + (1 << 16)])
    reader.close()
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(body)} bytes: {seconds:.2f} s of CPU, process peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
