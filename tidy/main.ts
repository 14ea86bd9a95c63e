import { dependencyFindings, floorPlanFindings } from './floor-plan.ts';
import { layerFindings } from './layer.ts';
import { lintFindings, typeFindings } from './lint.ts';
import { reachFindings } from './reach.ts';
import { ruleFindings } from './rule.ts';
import { shapeFindings } from './shape.ts';
import { type Finding, sources } from './source.ts';

/** Everything in the repository that is not as docs/STYLE.md says. */
export function findings(): Finding[] {
  const all = sources();
  return [
    ...all.flatMap((source) => [...shapeFindings(source), ...layerFindings(source), ...ruleFindings(source)]),
    ...reachFindings(all),
    ...floorPlanFindings(),
    ...dependencyFindings(),
    ...lintFindings(),
  ];
}

/** `gamut tidy`: prints what is not as it should be; exits with 1 if anything is. */
export async function run(argv: readonly string[]): Promise<number> {
  const found = [...findings(), ...(argv.includes('--types') ? typeFindings() : [])];
  for (const { path, line, reason } of found) console.log(`${path}${line === undefined ? '' : `:${line}`} ${reason}`);
  console.log(found.length === 0 ? 'tidy' : `${found.length} findings`);
  return found.length === 0 ? 0 : 1;
}
