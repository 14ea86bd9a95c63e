"""An ordinary program instrumented with the OpenTelemetry SDK for Python, configured by environment alone."""

import logging
import time

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracers = TracerProvider()
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(tracers)
loggers = LoggerProvider()
loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(loggers)
logging.getLogger("shop").addHandler(LoggingHandler(logger_provider=loggers))
meters = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=3_600_000)])
metrics.set_meter_provider(meters)

orders = metrics.get_meter("shop").create_counter("python.orders", unit="{order}")
wait = metrics.get_meter("shop").create_histogram("python.wait", unit="s")
with trace.get_tracer("shop").start_as_current_span("python order", attributes={"order.id": 17}) as span:
    with trace.get_tracer("shop").start_as_current_span("python payment"):
        logging.getLogger("shop").error("card was refused in python")
    print(format(span.get_span_context().trace_id, "032x"))
for amount in (3, 4):
    orders.add(amount)
    wait.record(0.2)
    if not meters.force_flush():
        raise SystemExit("the metrics were not taken")
    time.sleep(0.002)
for provider in (tracers, loggers, meters):
    provider.shutdown()
