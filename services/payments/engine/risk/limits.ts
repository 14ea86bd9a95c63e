import { limit } from '#kernel/contract/limit.ts';

export const sampledRowsMax = limit(3_000, 'payment', 'Payments that the features of a model are chosen by, of all that there are.');
export const fraudsMin = limit(20, 'payment', 'Fewest frauds that something can be learned from.');
export const fraudsToTellMin = limit(3, 'payment', 'Fewest frauds that a model is calibrated by, and as many that it is told of by.');
export const learnPriority = limit(10, 'step', 'How far behind payments the thread stands that trains models: the nice value of Linux.');
