"""Sends spans, metrics and log records by OpenTelemetry's SDK, reads them back, and prints a check per line."""

import json
import logging
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

given = json.load(sys.stdin)
resource = Resource.create({"service.name": "harbour", "service.version": "3.1"})
bearer = {"Authorization": f"Bearer {given['bearer']}"}


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}), flush=True)


def to(signal, headers=bearer):
    return {"endpoint": f"{given['otlp']}/v1/{signal}", "headers": headers}


def read(path):
    request = urllib.request.Request(f"{given['read']}/v1/telemetry/{path}", headers=bearer)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


spans = {}


def traces():
    for compression in (Compression.NoCompression, Compression.Gzip, Compression.Deflate):
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(compression=compression, **to("traces"))))
        tracer = provider.get_tracer("conform")
        name = f"moor {compression.value}"
        with tracer.start_as_current_span(name, attributes={"ship": "Aurora"}) as outer:
            with tracer.start_as_current_span("tie up") as inner:
                inner.record_exception(ValueError("the rope broke"))
                inner.set_status(trace.StatusCode.ERROR, "rope")
        provider.shutdown()
        spans[name] = f"{outer.get_span_context().trace_id:032x}"
        whole = read(f"traces/{spans[name]}")["spans"]
        assert sorted(span["name"] for span in whole) == sorted([name, "tie up"]), whole
        tied = next(span for span in whole if span["name"] == "tie up")
        assert tied["failed"] and tied["message"] == "rope", tied
        assert tied["events"][0]["attributes"]["exception.message"] == "the rope broke", tied
        assert tied["parent"] == f"{outer.get_span_context().span_id:016x}", tied


def logs():
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**to("logs"))))
    logger = logging.getLogger("harbour")
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.propagate = False
    logger.setLevel(logging.INFO)
    for number in range(20):
        logger.error("berth %d is Taken", number, extra={"berth": number})
        logger.info("berth %d is free", number)
    provider.shutdown()
    found = read("logs?text=taken&severity=17&service=harbour&limit=100")["items"]
    assert len(found) == 20, len(found)
    one = read("logs?attribute=berth%3D7")["items"]
    assert [item["body"] for item in one] == ["berth 7 is Taken"], one


def metrics():
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(**to("metrics")), export_interval_millis=3_600_000)
    provider = MeterProvider(resource=resource, metric_readers=[reader])
    meter = provider.get_meter("conform")
    ships = meter.create_counter("ships", unit="{ship}")
    wait = meter.create_histogram("berth.wait", unit="s")
    level = meter.create_gauge("tide.level", unit="m")
    ships.add(2, {"kind": "cargo"})
    level.set(1.5)
    for number in range(100):
        wait.record(number / 100)
    provider.force_flush()
    ships.add(3, {"kind": "cargo"})
    level.set(2.25)
    for number in range(100):
        wait.record(number / 100)
    provider.shutdown()
    grown = read("metrics/ships/query-metric?fold=increase&step=3600000")["series"]
    assert sum(point["value"] for series in grown for point in series["points"]) == 3, grown
    tide = read("metrics/tide.level/query-metric?fold=last&step=3600000")["series"]
    assert tide[0]["points"][-1]["value"] == 2.25, tide
    assert read("metrics/berth.wait/query-metric?fold=p95&step=3600000")["series"][0]["points"], "no wait"


def refused():
    exporter = OTLPSpanExporter(timeout=5, **to("traces", {"Authorization": "Bearer gmt_nonsense"}))
    provider = TracerProvider(resource=resource)
    span = provider.get_tracer("conform").start_span("stowaway")
    span.end()
    logging.disable(logging.CRITICAL)
    assert exporter.export([span]) is SpanExportResult.FAILURE
    logging.disable(logging.NOTSET)
    try:
        read(f"traces/{span.get_span_context().trace_id:032x}")
    except urllib.error.HTTPError as error:
        assert error.code == 404, error.code
    else:
        raise AssertionError("it is there")


def listed():
    found = read(f"traces?name={urllib.parse.quote('moor gzip')}&service=harbour&attribute=ship%3DAurora")["items"]
    assert [item["trace"] for item in found] == [spans["moor gzip"]], found


told("spans come whole: plain, gzip and deflate, with parents, events and status", traces)
told("a trace is found by name, program and attribute", listed)
told("records of Python's logging are found by text, severity, program and attribute", logs)
told("counters, gauges and histograms are folded over time", metrics)
told("an exporter with a wrong bearer is refused, and nothing of it is stored", refused)
