FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements requirements
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt -r requirements/build.txt \
 && uv venv /opt/maildaemon \
 && uv pip install --no-cache --python /opt/maildaemon --compile-bytecode \
      --require-hashes -r requirements/postgres.txt -r requirements/mariadb.txt
COPY . .
RUN uv build --no-cache --wheel --no-build-isolation --out-dir /dist \
 && uv pip install --no-cache --python /opt/maildaemon --compile-bytecode --no-deps /dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/maildaemon /opt/maildaemon
RUN useradd --system --uid 990 --home-dir /var/lib/maildaemon --create-home maildaemon \
 && chmod 700 /var/lib/maildaemon
ENV PATH=/opt/maildaemon/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER maildaemon
WORKDIR /var/lib/maildaemon
# The only place that is written to; the rest works with a read-only root. Point `database.url`
# into it: sqlite:////var/lib/maildaemon/maildaemon.db
VOLUME /var/lib/maildaemon
STOPSIGNAL SIGTERM
# `status` ends with 0 only while every mailbox and queue made progress lately.
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s --retries=3 \
  CMD ["maildaemon", "--config", "/etc/maildaemon/maildaemon.yaml", "status"]
ENTRYPOINT ["maildaemon", "--config", "/etc/maildaemon/maildaemon.yaml"]
CMD ["run"]
