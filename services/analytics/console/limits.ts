import { limit } from '#kernel/contract/limit.ts';

export const askAgainMs = limit(250, 'ms', 'Shortest pause between two answers to a query of the console that follows views.');
export const retryMs = limit(1500, 'ms', 'Pause before the console follows a view again.');
export const lookMs = limit(2000, 'ms', 'Pause between two looks at the operators of a view in the console.');
export const shownRowsMax = limit(1000, 'row', 'Rows of a view that the console shows as they change.');
export const barsMax = limit(12, 'bar', 'Bars of a panel of a dashboard.');
