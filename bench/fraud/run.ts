import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrated, shareOf } from '#engine/tree/calibration.ts';
import { Forest } from '#engine/tree/forest.ts';
import { averagePrecision } from '#engine/tree/precision.ts';
import { train, usual } from '#engine/tree/train.ts';
import { installation } from '#kernel/supervise/module.ts';
import { command } from '../../conform/command.ts';
import { type PythonSet, pythonPackage, pythonProgram } from '../../conform/python.ts';
import { type BenchResult, type BenchRow, bounded, compared, least, median } from '../result.ts';
import { featuresOf, names, type Rows } from './feature.ts';
import { transactions } from './world.ts';

const seeds = [2018, 2019, 2020];
/** Days of transactions to train on, to calibrate by and to tell of; what is told of a payment a week later is known by then. */
const parts = [
  { from: 98, to: 112 },
  { from: 119, to: 124 },
  { from: 124, to: 133 },
];
const days = 133;
const [goal, rowsPerSecond, rate, times] = [0.98, 800_000, 0.1, 5];
const set: PythonSet = {
  requirements: fileURLToPath(new URL('./requirements.txt', import.meta.url)),
  environment: join(installation, '.cache', 'bench', 'venv-fraud'),
};

/** What one side found: average precision, CPU-seconds of training, and rows that are scored in a CPU-second. */
type Side = { readonly precision: number; readonly trained: number; readonly scored: number };

/** Frauds among payments of a simulated world, by features that the platform counts: our trees beside XGBoost's, as many and as deep. */
export async function run(): Promise<BenchResult> {
  const hasPeer = 'version' in (await pythonPackage('xgboost-cpu', set));
  const [us, them, off]: [Side[], Side[], number[]] = [[], [], []];
  for (const seed of seeds) {
    const [learned, known, unseen] = featuresOf(transactions(seed, days), parts) as [Rows, Rows, Rows];
    const { forest, ...side } = ours(learned, unseen);
    us.push(side);
    off.push(distance(forest, known, unseen));
    if (hasPeer) them.push(await theirs(learned, unseen));
  }
  const peer = (figure: keyof Side) => (hasPeer ? median(them.map((side) => side[figure])) : 'not run');
  const own = (figure: keyof Side) => median(us.map((side) => side[figure]));
  const rows: BenchRow[] = seeds.map((seed, at) => {
    const other = them[at]?.precision ?? 'not run';
    return compared(`average precision, world ${seed}`, '', 'more', us[at]?.precision ?? Number.NaN, other, goal);
  });
  rows.push(
    bounded('calibrated: how far what is said is from what was, in the mean', '', median(off), null),
    compared('training, 100 trees of depth 6', 'CPU-s', 'less', own('trained'), peer('trained'), null),
    compared('rows scored by them', '1/CPU-s', 'more', own('scored'), peer('scored'), null),
    least('rows scored by them, absolute', '1/CPU-s', own('scored'), rowsPerSecond),
  );
  return { name: 'fraud', rows };
}

/** CPU-seconds of this process so far. */
const used = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function ours(learned: Rows, unseen: Rows): Side & { forest: Forest } {
  const began = used();
  const forest = new Forest(train(names, learned.rows, learned.labels, { ...usual, rate }));
  const trained = used() - began;
  const scores = forest.predict(unseen.rows);
  const rates = Array.from({ length: times }, () => {
    const from = used();
    forest.predict(unseen.rows);
    return unseen.labels.length / (used() - from);
  });
  return { forest, precision: averagePrecision(scores, unseen.labels), trained, scored: median(rates) };
}

async function theirs(learned: Rows, unseen: Rows): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'gamut-fraud-'));
  try {
    const write = (name: string, values: Float64Array) => writeFileSync(join(folder, name), new Uint8Array(values.buffer));
    write('rows', learned.rows);
    write('labels', learned.labels);
    write('unseen', unseen.rows);
    const script = fileURLToPath(new URL('./xgboost_side.py', import.meta.url));
    const sizes = [names.length, usual.rounds, usual.depthMost, rate].map(String);
    const [trained = Number.NaN, scored = Number.NaN] = (await command([pythonProgram('python', set), script, folder, ...sizes]))
      .trim()
      .split(' ')
      .map(Number);
    const scores = new Float64Array(Uint8Array.from(readFileSync(join(folder, 'scores'))).buffer);
    return { precision: averagePrecision(scores, unseen.labels), trained, scored };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The mean distance of said and found shares, in ten parts of what is said, by how many are in each. */
function distance(forest: Forest, known: Rows, unseen: Rows): number {
  const calibration = calibrated(forest.predict(known.rows), known.labels);
  const said = forest.predict(unseen.rows).map((score) => shareOf(calibration, score));
  const tenths = Array.from({ length: 10 }, () => ({ said: 0, found: 0 }));
  said.forEach((share, row) => {
    const tenth = tenths[Math.min(9, Math.floor(share * 10))];
    if (!tenth) return;
    tenth.said += share;
    tenth.found += unseen.labels[row] ?? 0;
  });
  return tenths.reduce((sum, each) => sum + Math.abs(each.said - each.found), 0) / said.length;
}
