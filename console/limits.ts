import { limit } from '#kernel/contract/limit.ts';

export const pollEveryMs = limit(8000, 'millisecond', 'Pause between two readings of a console page whose contract has no watch.');
export const healthEveryMs = limit(5000, 'millisecond', 'Pause between two readings of the health of the platform in the console.');
export const watchRetryMs = limit(1500, 'millisecond', 'Pause before the console takes up a broken watch again.');
export const watchRetryMostMs = limit(30_000, 'millisecond', 'Longest pause before the console takes up a broken watch again.');
export const listPageMax = limit(200, 'item', 'Items the console asks for in one page of a list.');
export const cachedReadsMax = limit(300, 'reply', 'Replies the console remembers, so that going back shows them at once.');
export const freshForMs = limit(2000, 'millisecond', 'Age up to which the console shows a remembered reply without asking again.');
export const paletteRowsMax = limit(40, 'row', 'Rows the command palette shows.');
export const typingPauseMs = limit(160, 'millisecond', 'Pause in typing after which the console asks the platform.');
export const uploadsAtOnceMax = limit(3, 'upload', 'Uploads the console runs at the same time.');
export const deletesAtOnceMax = limit(4, 'request', 'Deletions of a selection that the console runs at the same time.');
export const previewBytesMax = limit(256 * 1024, 'byte', 'Largest object the console shows as text or picture.');
export const noticeForMs = limit(4000, 'millisecond', 'How long the console shows that something was done.');
export const paletteFoundMax = limit(5, 'resource', 'Resources of one kind that the command palette shows.');
export const streamPageMax = limit(100, 'record', 'Records the console asks for in one page of a log, such as the audit log.');
export const streamOlderMax = limit(500, 'record', 'Older records the console asks for at once.');
export const auditReadAheadMax = limit(6, 'page', 'Older pages of the audit log the console fetches by itself to fill a table.');
export const judgePauseMs = limit(500, 'millisecond', 'Pause in typing after which the console has a policy checked.');
export const triedPolicyLengthMax = limit(
  12_000,
  'character',
  'Longest policy, as it stands in an address, that the console tries before it is saved.',
);
export const exportPageMax = limit(1000, 'record', 'Audit records the console asks for at once for an export.');
export const exportedRecordsMax = limit(100_000, 'record', 'Audit records the console puts into one file.');
export const shownSeriesMax = limit(12, 'series', 'Series of one metric that the console draws.');
