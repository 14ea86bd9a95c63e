"""Takes OTLP/HTTP requests, decodes them with OpenTelemetry's own messages, and prints what came as JSON lines."""

import http.server
import json
import sys

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        found = {"path": self.path, "type": self.headers["content-type"]}
        if self.path == "/v1/traces":
            message = ExportTraceServiceRequest.FromString(body)
            spans = [span for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans]
            found["spans"] = [{"name": span.name, "trace": span.trace_id.hex(), "parent": span.parent_span_id.hex()} for span in spans]
        elif self.path == "/v1/metrics":
            message = ExportMetricsServiceRequest.FromString(body)
            metrics = [metric for resource in message.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics]
            found["metrics"] = {metric.name: metric.WhichOneof("data") for metric in metrics}
        print(json.dumps(found), flush=True)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(json.dumps({"port": server.server_port}), flush=True)
sys.stdin.close()
server.serve_forever()
