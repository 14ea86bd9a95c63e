import { limit } from '../contract/limit.ts';

export const eventsPerIngestMax = limit(1000, 'event', 'Most usage events in one batch.');
export const submissionBytesMax = limit(64 * 1024, 'byte', 'Largest checkpoint with its proof that a witness is shown.');
export const publishBatchMax = limit(500, 'change', 'Most changes written to the snapshot in one transaction.');
export const publishPollMs = limit(250, 'ms', 'Longest wait before control looks for changes that nobody announced.');
export const signingRefreshMs = limit(600_000, 'ms', 'How often control looks whether SigV4 keys of a new day are due.');
export const sessionMs = limit(12 * 3_600_000, 'ms', 'Life of a browser session.');
export const invitationMs = limit(7 * 86_400_000, 'ms', 'Life of an invitation.');
export const resetMs = limit(3_600_000, 'ms', 'Life of a password reset.');
export const passwordLengthMin = limit(10, 'character', 'Shortest password.');
export const passwordLengthMax = limit(512, 'character', 'Longest password.');
export const loginTriesMax = limit(10, 'try', 'Failed logins of one address and e-mail in a window before they wait.');
export const loginWindowMs = limit(60_000, 'ms', 'Window in which failed logins are counted.');
export const loginAtOnceMax = limit(4, 'login', 'Password hashes computed at one time.');
export const argonMemoryKib = limit(19_456, 'KiB', 'Memory of one Argon2id hash.');
export const argonPasses = limit(2, 'pass', 'Passes of one Argon2id hash.');
export const mailKeptMax = limit(200, 'mail', 'Mails kept in the embedded outbox.');
export const overlapDefaultMs = limit(24 * 3_600_000, 'ms', 'How long the old secrets of a rotated credential go on working, if not said.');
export const frontBodyBytes = limit(1024 * 1024, 'byte', 'Largest body of a login, invitation or reset.');
export const certificateDays = limit(365, 'day', 'Life of a certificate that the local authority issues.');
export const resourceLabelBytesMax = limit(4096, 'byte', 'Largest labels of one credential.');
export const projectsMax = limit(1000, 'project', 'Projects of one organization.');
export const credentialsMax = limit(10_000, 'credential', 'Credentials of one organization that are not revoked.');
export const scramRoundsMin = limit(4096, 'round', 'Fewest rounds of a verifier that is brought.');
export const scramRoundsMax = limit(1_000_000, 'round', 'Most rounds of a verifier that is brought.');
export const latestInstantMs = limit(
  4_102_444_800_000,
  'ms',
  'Latest time, in milliseconds since 1970, that an input may name: the year 2100.',
);
export const usageSpanMs = limit(86_400_000, 'ms', 'How far back usage is listed when no time is given.');
export const keysMax = limit(1000, 'key', 'Keys of one organization that are not destroyed.');
export const destroyAfterMs = limit(30 * 86_400_000, 'ms', 'How long a key waits for its destruction, if not said.');
export const destroyAfterMsMax = limit(365 * 86_400_000, 'ms', 'Longest wait of a key for its destruction.');
export const destroySweepMs = limit(5000, 'ms', 'How often control looks for keys to destroy.');
export const usageRowsMax = limit(10_000, 'row', 'Most rows of usage in one answer; `next` goes on.');
export const dimensionsMax = limit(8, 'dimension', 'Dimensions of one usage event.');
export const dimensionLengthMax = limit(100, 'character', 'Longest value of a dimension.');
export const budgetsMax = limit(200, 'budget', 'Budgets of one organization.');
export const budgetThresholdsMax = limit(10, 'threshold', 'Thresholds of one budget.');
export const budgetPercentMax = limit(10_000, 'percent', 'Highest threshold of a budget.');
export const budgetSweepMs = limit(2000, 'ms', 'How often control compares budgets with usage.');
export const sessionOriginDays = limit(30, 'day', 'How long address and browser of a session are kept after it was last used.');
export const budgetsPerSweepMax = limit(500, 'budget', 'Most budgets compared in one sweep; the next goes on after them.');
export const alertsPerSweepMax = limit(100, 'alert', 'Most alerts of budgets told in one sweep.');
export const alertTriesMax = limit(50, 'try', 'How often a mail of an alert is tried before nobody is mailed any more.');
export const mailedPerAlertMax = limit(50, 'member', 'Most members who get a mail about one alert.');
export const perSecondMax = limit(1_000_000_000, 'unit/s', 'Highest rate an environment can be given.');
export const subjectRecordsMax = limit(500, 'record', 'Audit records about a subject that are read at once for an export.');
export const askMs = limit(600_000, 'ms', 'How long control waits for a service that looks for what is about a subject.');
export const answerMaxBytes = limit(16 * 1024 * 1024, 'byte', 'Largest answer of a service to control that is not passed on.');
export const resealBatchMax = limit(500, 'row', 'Rows that are read at once to seal their personal fields anew.');
export const purgedTableMaxBytes = limit(
  1024 * 1024 * 1024,
  'byte',
  'Largest table that is written anew to take deleted rows out of its file.',
);
