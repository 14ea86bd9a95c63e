"""Reads what the platform sent of itself by OpenTelemetry's own messages; prints a check per line."""

import base64
import collections
import json
import sys

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

given = json.load(sys.stdin)


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}))
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}))


def text(attributes, key):
    return next((item.value.string_value for item in attributes if item.key == key), "")


spans, histograms, programs = [], {}, set()
for request in given["requests"]:
    body = base64.b64decode(request["body"])
    if request["path"].endswith("/v1/traces"):
        message = ExportTraceServiceRequest.FromString(body)
        for of in message.resource_spans:
            programs.add(text(of.resource.attributes, "service.name"))
            spans += [span for scope in of.scope_spans for span in scope.spans]
    else:
        message = ExportMetricsServiceRequest.FromString(body)
        for of in message.resource_metrics:
            program = text(of.resource.attributes, "service.name")
            programs.add(program)
            for scope in of.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "gamut_operation_seconds":
                        histograms[program] = metric.histogram


def heads():
    for request in given["requests"]:
        assert request["head"].startswith("application/x-protobuf Basic "), request["head"]
        assert request["path"] in ("/in/v1/traces", "/in/v1/metrics"), request["path"]
    assert {"control", "storage"} <= programs, programs


def one_span():
    counts = collections.Counter(text(span.attributes, "gamut.request_id") for span in spans if text(span.attributes, "gamut.request_id"))
    assert counts and max(counts.values()) == 1, counts.most_common(3)
    ours = [span for span in spans if span.trace_id.hex() == given["trace"]]
    assert [span.name for span in ours] == ["platform.ListCredentials"], [span.name for span in ours]
    assert ours[0].parent_span_id.hex() == "00f067aa0ba902b7"
    assert ours[0].end_time_unix_nano >= ours[0].start_time_unix_nano > 1_700_000_000 * 10**9


def one_histogram():
    points = list(histograms["control"].data_points)
    keys = [tuple(text(point.attributes, key) for key in ("service", "operation", "outcome")) for point in points]
    assert len(set(keys)) == len(keys), keys
    listed = points[keys.index(("platform", "ListCredentials", "ok"))]
    assert listed.count == sum(listed.bucket_counts) == 1, listed
    assert len(listed.bucket_counts) == len(listed.explicit_bounds) + 1
    assert histograms["control"].aggregation_temporality == 2


def exemplars():
    points = [point for point in histograms["control"].data_points if text(point.attributes, "operation") == "ListCredentials"]
    assert [one.trace_id.hex() for point in points for one in point.exemplars] == [given["trace"]], points


told("every process sends, in protobuf and with the address' user and password", heads)
told("a call is one span, which goes on from the caller's trace", one_span)
told("an operation is one duration histogram per outcome", one_histogram)
told("its exemplar names the trace", exemplars)
