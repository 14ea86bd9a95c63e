import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { tryCommand } from '../command.ts';
import type { Check, Client } from '../client.ts';
import { commandMs } from '../limits.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonPackage, pythonProgram } from '../python.ts';

type Report = {
  readonly operations: { readonly total: number; readonly tested: number; readonly errored: number };
  readonly test_cases: { readonly generated: number };
  readonly stop_reason: string;
  readonly failures: readonly { readonly title: string; readonly operations: readonly string[] }[];
};

/**
 * Generated good and hostile requests for every operation of the OpenAPI document, by the administrator: keys are destroyed
 * and people erased, so it has a platform of its own.
 */
export const client: Client = {
  name: 'schemathesis',
  setup: () => pythonPackage('schemathesis'),
  async run(place) {
    const own = await openPlace(place.folder);
    const { report, out } = await drive(own).finally(own.down);
    const { operations, test_cases: cases, failures, stop_reason: reason } = report;
    const serverErrors = failures.filter(({ title }) => title === 'Server error');
    const others = failures.filter(({ title }) => title !== 'Server error');
    const told = (found: typeof failures): string => `${JSON.stringify(found)}\n${excerpt(out)}`;
    const whole = operations.total > 0 && operations.tested === operations.total && operations.errored === 0 && reason === 'completed';
    const checks: Check[] = [
      {
        title: 'every operation of the document was driven',
        ok: whole && cases.generated > operations.total,
        detail: JSON.stringify(operations),
      },
      { title: 'no request was answered by a server error', ok: serverErrors.length === 0, detail: told(serverErrors) },
      { title: 'every answer is as the document says, and what it forbids is refused', ok: others.length === 0, detail: told(others) },
    ];
    return { checks };
  },
};

async function drive({ admin, folder }: Place): Promise<{ report: Report; out: string }> {
  const file = join(folder, 'report.json');
  const config = join(installation, 'conform', 'schemathesis', 'schemathesis.toml');
  const argv = [
    '--config-file',
    config,
    'run',
    `${admin.url}/v1/openapi.json`,
    '--header',
    `Authorization: Bearer ${admin.bearer}`,
    '--report-json-path',
    file,
  ];
  const { code, out, err } = await tryCommand([pythonProgram('schemathesis'), ...argv], { cwd: folder, timeoutMs: 8 * commandMs });
  if (code !== 0 && code !== 1) throw new Error(`schemathesis exited with ${code}: ${(err || out).slice(-1500)}`);
  return { report: JSON.parse(readFileSync(file, 'utf8')) as Report, out };
}

/** What failed first, with the request that shows it. */
function excerpt(out: string): string {
  const from = out.indexOf('= FAILURES =');
  return from < 0
    ? ''
    : out
        .slice(from)
        .split('\n')
        .map((line) => line.slice(0, 300))
        .slice(0, 40)
        .join('\n');
}
