import { limit } from '#kernel/contract/limit.ts';

export const installMs = limit(300_000, 'ms', 'Longest installation of one client.');
export const commandMs = limit(180_000, 'ms', 'Longest run of one command of a client.');
export const testMs = limit(400_000, 'ms', 'Longest run of one file of our own tests over what a client brings.');
export const startMs = limit(120_000, 'ms', 'Longest start of a platform, with a new data directory.');
export const outputMaxBytes = limit(64 * 1024 * 1024, 'byte', 'Most that is kept of what a command prints.');
export const detailLengthMax = limit(2000, 'character', 'Most that is printed of why a check failed.');
export const installTries = limit(3, 'try', 'How often a registry that does not answer is asked.');
export const stepMs = limit(30_000, 'ms', 'How long a code of oathtool lasts.');
export const runAgainMax = limit(4, 'client', 'Clients that failed and are run once more, on a new platform; where more fail, none is.');
export const togetherMax = limit(4, 'command', 'How many commands of one client run at once where their order is of no matter.');
export const untilMs = limit(200, 'ms', 'Pause between two looks at something that is waited for.');
export const untilTries = limit(300, 'look', 'How often is looked before what is waited for is given up.');
