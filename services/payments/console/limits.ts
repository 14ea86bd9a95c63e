import { limit } from '#kernel/contract/limit.ts';

export const ruleTypedMs = limit(250, 'ms', 'Silence of the keys after which a rule is tried.');
export const recentPaymentsMax = limit(15, 'payment', 'Newest payments that the overview shows.');
export const lookMs = limit(2_000, 'ms', 'Pause between two looks at what comes in: payments, messages, balances.');
