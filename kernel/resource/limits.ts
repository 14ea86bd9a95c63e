import { limit } from '../contract/limit.ts';

export const changesKeptMax = limit(10_000, 'change', 'Changes of one scope that a watch may go back to.');
export const watchBatchMax = limit(500, 'change', 'Most changes that a watch reads at once.');
export const watchPollMs = limit(1000, 'ms', 'Longest wait before a watch looks for changes made elsewhere.');
export const bookmarkMs = limit(15_000, 'ms', 'Longest silence of a watch before it sends a bookmark.');
export const appliedPollMs = limit(2, 'ms', 'How often a change looks whether it is in the snapshot.');
export const listBatchRows = limit(
  500,
  'row',
  'Rows read at once for a list whose rows are decided one by one, because policies do not become SQL.',
);
