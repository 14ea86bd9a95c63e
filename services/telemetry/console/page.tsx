import type { ServicePages } from '#console/service-page.ts';
import { OperationCharts } from '#console/view/operation-charts.tsx';
import { Alerts } from './alerts.tsx';
import { BudgetPage } from './budget.tsx';
import { connectOtlp } from './connect.ts';
import { Logs } from './logs.tsx';
import { MetricPage } from './metric.tsx';
import { Metrics } from './metrics.tsx';
import { TelemetryOverview } from './overview.tsx';
import { Retentions } from './retentions.tsx';
import { TracePage } from './trace.tsx';
import { Traces } from './traces.tsx';
import './telemetry.css';

/** Telemetry's own pages: search in logs and traces, metrics, operations, alerts, error budgets. */
const pages: ServicePages = {
  why: {
    'alert-rules': 'A rule watches a metric or the calls of an operation, and tells whom you name when it leaves its bounds.',
    receivers: 'Who is told of alerts: an Alertmanager, or an address that takes the shape of its webhooks.',
    silences: 'While you mend something, nobody needs to be woken by it.',
    objectives: 'How good an operation must be. What may still fail before that is missed is its error budget.',
  },
  order: ['alerts', 'alert-rules', 'objectives', 'operations', 'logs', 'traces', 'metrics', 'receivers', 'silences', 'retentions'],
  overview: TelemetryOverview,
  lists: { logs: Logs, traces: Traces, metrics: Metrics, operations: OperationCharts, alerts: Alerts, retentions: Retentions },
  things: { traces: TracePage, metrics: MetricPage },
  tabs: { objectives: [{ path: 'budget', title: 'Error budget', page: BudgetPage }] },
  connect: { otlp: connectOtlp },
};

export default pages;
