import Type from 'typebox';
import { defineService } from '#kernel/contract/contract.ts';
import { exportsBurst, exportsPerSecond } from './contract/limits.ts';
import { signalOperations } from './contract/signal.ts';

const none = Type.Object({});

/** What programs and the platform itself say of their work: logs, traces, metrics; searched, watched and alerted on. */
export const telemetry = defineService({
  name: 'telemetry',
  title: 'Telemetry',
  text: 'Logs, traces and metrics, behind OTLP; dashboards of every operation.',
  version: 1,
  resources: {
    Log: { of: 'scope', text: 'A log record of a program.', spec: none, owner: 'service' },
    Trace: { of: 'scope', text: 'What belongs to one request, as spans.', spec: none, owner: 'service' },
    Metric: { of: 'scope', text: 'A measure of a program, over time.', spec: none, owner: 'service' },
    Operation: { of: 'scope', text: 'Rates, errors and latency of an operation.', spec: none, owner: 'service' },
    Retention: { of: 'scope', text: 'How long a signal is kept.', spec: none, owner: 'service' },
  },
  meters: { ingested: { unit: 'byte', kind: 'sum', text: 'Bytes of OTLP messages taken in, decompressed.' } },
  quotas: {
    exports: { kind: 'rate', unit: 'call', perSecond: exportsPerSecond, burst: exportsBurst, text: 'OTLP requests of one environment.' },
  },
  events: {},
  errors: { OtlpInvalid: { status: 400, retry: false, text: 'The body is no OTLP message.' } },
  needs: { sql: { seam: 'sql', scope: 'caller', optional: false } },
  doors: {
    otlp: {
      protocol: 'http',
      port: 4318,
      faces: ['bearer', 'basic', 'open'],
      anonymous: 'never',
      text: 'OTLP/HTTP in protobuf and JSON: OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20<bearer>.',
    },
  },
  operations: { ...signalOperations },
  roles: {
    auditor: ['ListRetentions'],
    reader: ['auditor', 'ListLogs', 'ListTraces', 'GetTrace', 'ListMetrics', 'QueryMetric', 'ListOperations'],
    editor: ['reader', 'IngestLogs', 'IngestTraces', 'IngestMetrics'],
    admin: ['editor', 'UpdateRetention'],
    owner: ['admin'],
  },
});
export default telemetry;
