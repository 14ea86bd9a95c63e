import type { ToldGauge } from '../contract/implement.ts';
import type { Registry } from '../observe/registry.ts';

/** Has what a service tells of itself read before metrics are written; a series that is told no more is gone. */
export function observeGauges(registry: Registry, gauges: readonly ToldGauge[]): void {
  const families = gauges.map((gauge) => ({ gauge, family: registry.gauge(gauge.name, gauge.help, gauge.labels) }));
  registry.collect(() => {
    for (const { gauge, family } of families) {
      const told = [...gauge.read()];
      family.series.clear();
      for (const [values, value] of told) family.of(...values).set(value);
    }
  });
}
