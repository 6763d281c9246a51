# The connector's image: the locked runtime dependencies and the connector, compiled, for the base's user airbyte.
ARG BASE=docker.io/airbyte/python-connector-base:4.1.0@sha256:1d1aa21d34e851df4e8a87b391c27724c06e2597608e7161f4d167be853bd7b6

FROM ${BASE} AS build
USER root
WORKDIR /build
RUN python -m venv tools && python -m venv --without-pip /airbyte/venv
COPY requirements.lock requirements-dev.lock ./
# The build backend is locked as well, among the development dependencies.
RUN awk '/^[a-z]/ { keep = /^poetry-core==/ } keep' requirements-dev.lock > requirements-build.lock \
    && tools/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock \
    && tools/bin/pip --python /airbyte/venv install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY source_digitalocean_quolum source_digitalocean_quolum
RUN tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /airbyte/venv install --no-cache-dir --no-deps dist/*.whl

FROM ${BASE}
USER root
# pip has compiled what it installed, but Python's own images come without the library's bytecode, and the user
# may not write it: without this it would be compiled again for every command.
RUN id airbyte >/dev/null 2>&1 || useradd --system --uid 1000 --no-create-home airbyte; \
    python -m compileall -q -j 0 -x '/(site-packages|dist-packages|test|lib2to3)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /airbyte/venv /airbyte/venv
WORKDIR /airbyte/integration_code
COPY main.py ./
ENV PATH=/airbyte/venv/bin:${PATH}
# For a read of hours: glibc gives each thread a heap of its own, and keeps in it pages that were freed between others
# that were not. One heap, from which blocks of 128 KiB and more go back to the system when they are freed.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072
ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"
ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]
USER airbyte
LABEL io.airbyte.name=quolum/source-digitalocean-quolum
LABEL io.airbyte.version=0.1.0
