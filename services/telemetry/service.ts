import { Type } from '#kernel/contract/type.ts';
import { defineService } from '#kernel/contract/contract.ts';
import { subjectOperations, subjectResources } from '#kernel/privacy/subject.ts';
import { countQuota } from '#kernel/contract/crud.ts';
import { AlertEvent, alertOperations, ReceiverSpec, SilenceSpec } from '#kernel/alert/contract.ts';
import { receiversMax, rulesMax, silencesMax } from '#kernel/alert/limits.ts';
import { AlertRuleSpec, ObjectiveSpec, ruleOperations } from './contract/alert.ts';
import { PersonalAttributes } from './contract/field.ts';
import { exportsBurst, exportsPerSecond, objectivesMax } from './contract/limits.ts';
import { signalOperations } from './contract/signal.ts';

const none = Type.Object({});
/** What a signal says of a person is kept for less long than the signal may be. */
const Signal = Type.Object({ attributes: PersonalAttributes });

const kinds = ['AlertRule', 'Receiver', 'Silence', 'Objective'] as const;
const reading = kinds.flatMap((kind) => [`Get${kind}`, `List${kind}s`, `Watch${kind}s`] as const);
const writing = kinds.flatMap((kind) => [`Create${kind}`, `Update${kind}`, `Delete${kind}`] as const);

/** What programs and the platform itself say of their work: logs, traces, metrics; searched, watched and alerted on. */
export const telemetry = defineService({
  name: 'telemetry',
  title: 'Telemetry',
  text: 'Logs, traces and metrics, behind OTLP; rates, errors and latency of every operation; alerts.',
  version: 1,
  resources: {
    Log: { of: 'scope', text: 'A log record of a program.', spec: Signal, owner: 'service' },
    Trace: { of: 'scope', text: 'What belongs to one request, as spans.', spec: Signal, owner: 'service' },
    Metric: { of: 'scope', text: 'A measure of a program, over time.', spec: none, owner: 'service' },
    Operation: { of: 'scope', text: 'Rates, errors and latency of an operation.', spec: none, owner: 'service' },
    AlertRule: {
      of: 'scope',
      text: 'When somebody is to be told.',
      spec: AlertRuleSpec,
      owner: 'kernel',
      columns: ['condition', 'severity'],
    },
    Receiver: { of: 'scope', text: 'Who is told of alerts.', spec: ReceiverSpec, owner: 'kernel', columns: ['kind', 'url'] },
    Silence: { of: 'scope', text: 'A time in which nobody is told.', spec: SilenceSpec, owner: 'kernel', columns: ['rule', 'until'] },
    Objective: {
      of: 'scope',
      text: 'How good an operation must be, and its error budget.',
      spec: ObjectiveSpec,
      owner: 'kernel',
      columns: ['service', 'operation', 'target'],
    },
    Alert: { of: 'scope', text: 'A rule whose condition holds, or held lately.', spec: none, owner: 'service' },
    ...subjectResources,
    Retention: { of: 'scope', text: 'How long a signal is kept.', spec: none, owner: 'service' },
  },
  meters: { ingested: { unit: 'byte', kind: 'sum', text: 'Bytes of OTLP messages taken in, decompressed.', by: ['operation'] } },
  quotas: {
    rules: countQuota('AlertRule', rulesMax, 'Alert rules of one environment.'),
    receivers: countQuota('Receiver', receiversMax, 'Receivers of one environment.'),
    silences: countQuota('Silence', silencesMax, 'Silences of one environment.'),
    objectives: countQuota('Objective', objectivesMax, 'Objectives of one environment.'),
    exports: { kind: 'rate', unit: 'call', perSecond: exportsPerSecond, burst: exportsBurst, text: 'OTLP requests of one environment.' },
  },
  events: {
    AlertFired: { data: AlertEvent, text: 'An alert fires.' },
    AlertResolved: { data: AlertEvent, text: 'An alert that fired is resolved.' },
  },
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
  operations: { ...subjectOperations, ...signalOperations, ...alertOperations, ...ruleOperations },
  roles: {
    auditor: ['ListRetentions'],
    reader: [
      'auditor',
      'ListLogs',
      'ListTraces',
      'GetTrace',
      'ListMetrics',
      'QueryMetric',
      'ListOperations',
      'ListAlerts',
      'GetBudget',
      ...reading,
    ],
    editor: ['reader', 'IngestLogs', 'IngestTraces', 'IngestMetrics', ...writing],
    admin: ['editor', 'UpdateRetention', 'ExportDataSubject', 'RevealPersonal'],
    owner: ['admin', 'EraseDataSubject'],
  },
});
export default telemetry;
