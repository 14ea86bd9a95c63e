import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import { serveReports } from '#kernel/observe/report-door.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openOtlp } from './doors/otlp/door.ts';
import { keepEvaluating } from '#kernel/alert/evaluate.ts';
import { evaluateMs } from '#kernel/alert/limits.ts';
import { ruleReadings } from './jobs/reading.ts';
import { telemetry } from './service.ts';
import { alertHandlers } from './store/handler/alert.ts';
import { subjects } from './store/handler/subject.ts';
import { signalHandlers } from './store/handler/signal.ts';
import { blankPersonal, keepSweeping } from './store/retention.ts';
import { writeReport } from './store/write.ts';

registerFaults(telemetry.errors);

export const main = implement<typeof telemetry, Needs>(telemetry, async ({ needs, run, scopes, emit, allow, log, now }) => {
  const { sql, resources } = needs;
  if (!sql || !resources) throw new TypeError('telemetry needs sql');
  const reports = await serveReports(run, (report) => writeReport(sql, report), log);
  const stopSweeping = keepSweeping({ sql, scopes, now, log });
  const stopEvaluating = keepEvaluating({ sql, resources, scopes, emit, allow, now, log, everyMs: evaluateMs, ...ruleReadings(now) });
  return {
    handlers: { ...signalHandlers(sql), ...alertHandlers(sql, resources), ...subjects(sql) },
    providers: {
      ...{ Log: absent, Trace: absent, Metric: absent, Operation: absent },
      ...{ Alert: absent, Retention: absent, DataSubject: absent },
    } as never,
    doors: { otlp: openOtlp },
    expire: (at, due) => blankPersonal(sql.as(at), due),
    async stop() {
      await reports.close();
      await stopSweeping();
      await stopEvaluating();
    },
  };
});

/** Signals have no attributes that policy could ask for. */
const absent = { attributes: () => undefined };

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url) });
