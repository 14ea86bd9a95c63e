import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Screen } from '#services/payments/engine/screen/screen.ts';
import { type BenchResult, least, median } from '../result.ts';
import { readOfac } from './ofac.ts';
import { perturbed, strangers } from './slip.ts';

const lists = join(process.env.GAMUT_BENCH_DATA ?? '/work/shared/data', 'sanctions');
const seeds = ['one', 'two', 'three', 'four', 'five'];
const names = 1000;
const [perSecond, recallLeast, precisionLeast] = [1000, 0.95, 0.9];

/** Names of OFAC's list with slips, aliases, other scripts and orders, and as many of nobody on it. */
export async function run(): Promise<BenchResult> {
  const text = (name: string): string => readFileSync(join(lists, name), 'utf8');
  const listed = readOfac(text('sdn.csv'), text('alt.csv'), text('add.csv'));
  const screen = await Screen.of(listed);
  const taken = seeds.map((seed) => {
    const [slips, others] = [perturbed(listed, seed, names), strangers(seed, names)];
    const began = performance.now();
    const right = slips.filter(({ asked, id }) => screen.find(asked).some((match) => match.id === id)).length;
    const wrong = others.filter((name) => screen.find({ name }).length > 0).length;
    const rate = (2 * names * 1000) / (performance.now() - began);
    return { rate, recall: right / names, precision: right / (right + wrong) };
  });
  const of = (figure: 'rate' | 'recall' | 'precision') => median(taken.map((one) => one[figure]));
  return {
    name: 'screening',
    rows: [
      least(`names against ${listed.length} entries`, 'names/s', of('rate'), perSecond),
      least('recall on slips, aliases, scripts, spellings and orders', '', of('recall'), recallLeast),
      least('precision beside as many strangers', '', of('precision'), precisionLeast),
    ],
  };
}
