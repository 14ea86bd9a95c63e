import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Finding } from './source.ts';

const allowed = new Set([
  'README.md',
  'service.ts',
  'main.ts',
  'doors',
  'domain',
  'store',
  'engine',
  'jobs',
  'console',
  'contract',
  'contract.json',
  'test',
  'bench.ts',
]);

/** What stands in a service's folder and not on the floor plan. */
export function floorPlanFindings(): Finding[] {
  return readdirSync(join(installation, 'services'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(installation, 'services', name))
        .filter((file) => !allowed.has(file) && !file.endsWith('.main.ts'))
        .map((file) => ({ path: `services/${name}/${file}`, reason: 'is not on the floor plan of a service' })),
    );
}

/** Dependencies that docs/DEPENDENCIES.md does not explain. */
export function dependencyFindings(): Finding[] {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const page = readFileSync(join(installation, 'docs', 'DEPENDENCIES.md'), 'utf8');
  return Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !page.includes(`\`${name}\``))
    .map((name) => ({ path: 'docs/DEPENDENCIES.md', reason: `does not explain ${name}` }));
}
