import type { Log } from '../contract/implement.ts';
import { Exporter } from '../observe/export.ts';
import type { Histogram } from '../observe/metric.ts';
import { type Registry, secondBounds } from '../observe/registry.ts';
import { hidePersonal } from '../observe/personal.ts';
import { Reporter } from '../observe/report.ts';
import { Tracer } from '../observe/trace.ts';
import type { StartOrder } from '../supervise/protocol.ts';
import type { Measured, Runtime } from './runtime.ts';

/** What a process tells of its calls: the histogram, the windows per environment, and the spans that are kept. */
export type Telemetry = { readonly tracer: Tracer; readonly measure: Runtime['measure']; close(): Promise<void> };

/** Opens it; spans go to the telemetry service and, where the operator gave an address, there as well. */
export function openTelemetry(options: { order: StartOrder; registry: Registry; log: Log; service: string }): Telemetry {
  const { order, registry, log, service } = options;
  const reporter = new Reporter({ service, process: order.process, run: order.run, log });
  const { otlp } = order.settings;
  const target = { process: order.process, deployment: order.deployment, registry, log };
  const exporter = otlp === undefined ? undefined : new Exporter({ ...target, url: otlp });
  const text = 'Time from call to reply of an operation, bodies excluded.';
  const duration = registry.histogram('gamut_operation_seconds', text, secondBounds, ['service', 'operation', 'outcome']);
  const durations = new Map<string, Histogram>();
  return {
    tracer: new Tracer(),
    measure(measured) {
      const { place, operation, outcome, failed, seconds, endMs, trace } = measured;
      const id = `${operation} ${outcome}`;
      let histogram = durations.get(id);
      if (!histogram) durations.set(id, (histogram = duration.of(service, operation, outcome)));
      histogram.observe(seconds, trace.sampled || failed ? trace.traceId : undefined, endMs);
      if (place.scope !== '') reporter.windows.add(place, operation, outcome, failed, seconds, endMs);
      if (!trace.sampled && !failed) return;
      const span = spanOf(service, measured);
      reporter.span(place, span);
      exporter?.span(span);
    },
    async close() {
      await reporter.close();
      await exporter?.close();
    },
  };
}

function spanOf(service: string, { trace, parentId, operation, name, outcome, failed, seconds, endMs, requestId, place }: Measured) {
  const attributes = {
    'gamut.operation': operation,
    'gamut.outcome': outcome,
    'gamut.request_id': requestId,
    'gamut.tenant': place.tenant,
    'gamut.scope': place.scope,
    ...(name === '' ? {} : { 'gamut.resource': hidePersonal(name) }),
  };
  const { traceId, spanId } = trace;
  return { traceId, spanId, parentId, name: `${service}.${operation}`, startMs: endMs - seconds * 1000, endMs, failed, attributes };
}
