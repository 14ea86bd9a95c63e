import type { Static } from 'typebox';
import { OperationError } from '#kernel/contract/fault.ts';
import { outbound } from '#kernel/outbound/outbound.ts';
import type { ReceiverSpec, Telling } from './contract.ts';
import { tellAgainMs, tellAnswerMaxBytes, tellTimeoutMs } from './limits.ts';
import type { StoredAlert } from './store.ts';

export type Receiver = Static<typeof ReceiverSpec>;
export type Told = { readonly alert: StoredAlert; readonly rule: Telling };

/** Label names as Prometheus has them: letters, digits and low lines. */
const labelName = (name: string) => name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');

/** An alert as Alertmanager's API v2 takes it; one that stands ends by itself unless it is told again. */
function alertmanagerAlert({ alert, rule }: Told, environment: string, now: number) {
  const labels = Object.entries(alert.labels).map(([name, value]) => [labelName(name), value]);
  const endsMs = alert.state === 'resolved' ? (alert.resolvedAt ?? now) : now + 3 * tellAgainMs;
  return {
    labels: { ...Object.fromEntries(labels), alertname: alert.rule, severity: rule.severity ?? 'warning', gamut_environment: environment },
    annotations: {
      ...(rule.summary === undefined ? {} : { summary: rule.summary }),
      ...(alert.value === undefined ? {} : { value: String(alert.value) }),
    },
    startsAt: new Date(alert.firedAt ?? alert.since).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
  };
}

/** The JSON that Alertmanager's own webhooks have, version 4. */
function webhookBody(all: readonly Told[], environment: string, now: number) {
  const alerts = all.map((told) => {
    const status = told.alert.state === 'resolved' ? 'resolved' : 'firing';
    return { status, ...alertmanagerAlert(told, environment, now), fingerprint: '' };
  });
  const status = alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
  return {
    version: '4',
    groupKey: environment,
    status,
    receiver: 'gamut',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    alerts,
  };
}

/** Tells a receiver; answers why it was not told, or an empty text. */
export async function tell(
  receiver: Receiver,
  all: readonly Told[],
  place: { readonly environment: string; readonly allow: readonly string[]; readonly now: number; readonly signal: AbortSignal },
): Promise<string> {
  const { environment, allow, now, signal } = place;
  const isManager = receiver.kind === 'alertmanager';
  const url = isManager ? `${receiver.url.replace(/\/+$/, '')}/api/v2/alerts` : receiver.url;
  const body = isManager ? all.map((told) => alertmanagerAlert(told, environment, now)) : webhookBody(all, environment, now);
  try {
    const { status } = await outbound(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      allow,
      signal,
      limits: { timeoutMs: tellTimeoutMs, answerBytes: tellAnswerMaxBytes },
    });
    return status < 300 ? '' : `It answered ${status}.`;
  } catch (error) {
    if (signal.aborted) return 'The platform was shutting down.';
    return error instanceof OperationError ? error.message : 'It could not be told.';
  }
}
