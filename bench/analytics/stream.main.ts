import { nexmarkQueries, streaming } from '../nexmark/query.ts';
import { cpuOf } from './measure.ts';
import { planOf } from './plan.ts';
import { answers, intoNothing, peakMb, streamTables } from './stream.ts';

/** One query over the files of a folder in a process of its own, until its parent lets it go. */
type Asked = { readonly what: 'time' | 'answer' | 'peak'; readonly folder: string; readonly text: string };

async function answer({ what, folder, text }: Asked): Promise<object> {
  if (what === 'peak') return { megabytes: peakMb() };
  const plan = await planOf(nexmarkQueries(streaming)[text] ?? text, streamTables);
  if (what === 'time') return { seconds: await cpuOf(() => intoNothing(folder, plan)) };
  const { kept, once } = answers(folder, plan);
  const told = ({ rows, sums }: typeof kept) => [rows, ...sums];
  return { types: plan.columns.map(({ type }) => type), kept: told(kept), once: told(once) };
}

process.on('message', (asked) =>
  answer(asked as Asked)
    .catch((error: unknown) => ({ error: String(error) }))
    .then((told) => process.send?.(told)),
);
