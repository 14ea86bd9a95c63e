import { limit } from '#kernel/contract/limit.ts';

export const rulesMax = limit(200, 'rule', 'Alert rules of one environment.');
export const receiversMax = limit(20, 'receiver', 'Receivers of alerts of one environment.');
export const receiversPerRuleMax = limit(5, 'receiver', 'Receivers that one rule tells.');
export const silencesMax = limit(100, 'silence', 'Silences of one environment.');
export const alertsPerRuleMax = limit(200, 'alert', 'Alerts of one rule that stand at once; further combinations of labels are left out.');
export const evaluateMs = limit(5000, 'ms', 'How often alert rules are evaluated.');
export const tellAgainMs = limit(60_000, 'ms', 'How often a receiver is told again of an alert that stands.');
export const resolvedKeptMs = limit(604_800_000, 'ms', 'How long a resolved alert is listed.');
export const tellTimeoutMs = limit(10_000, 'ms', 'Longest wait for a receiver of alerts.');
export const tellAnswerMaxBytes = limit(65_536, 'byte', 'Most that is read of what a receiver answers.');
