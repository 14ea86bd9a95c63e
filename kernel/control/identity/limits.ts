import { limit } from '../../contract/limit.ts';

const minute = 60_000;

export const totpStepMs = limit(30_000, 'ms', 'How long one code of an authenticator app lasts (RFC 6238).');
export const totpDriftSteps = limit(1, 'step', 'How many codes before and after the current one are taken, for clocks that differ.');
export const totpSecretBytes = limit(20, 'byte', 'Length of the secret of an authenticator app.');
export const recoveryCodes = limit(10, 'code', 'Recovery codes made at one time.');
export const factorsMax = limit(20, 'factor', 'Second factors of one person.');
export const factorTitleMax = limit(60, 'character', 'Longest title of a second factor.');
export const pendingMs = limit(10 * minute, 'ms', 'How long a login waits for its second factor.');
export const pendingMax = limit(10_000, 'login', 'Logins that wait for a second factor at one time.');
export const factorTriesMax = limit(5, 'try', 'Wrong codes before a login has to begin anew.');
export const accountTriesMax = limit(20, 'try', 'Failed logins of one account in an hour before a right password needs a second factor.');
export const accountWindowMs = limit(60 * minute, 'ms', 'Window in which failed logins of one account are counted.');
export const stuffedAccountsMax = limit(8, 'account', 'Accounts that fail from one network before it counts as stuffing passwords.');
export const stuffingWindowMs = limit(15 * minute, 'ms', 'Window in which failing accounts of a network are counted.');
export const netFailuresMax = limit(120, 'try', 'Failed logins of one network in the stuffing window before it is refused for a while.');
export const watchedMax = limit(20_000, 'entry', 'Networks and accounts whose failures are remembered at one time.');
export const travelSpeedKmhMax = limit(1000, 'km/h', 'Fastest journey between two logins that is believed.');
export const travelDistanceKmMin = limit(500, 'km', 'Nearer places are never an impossible journey: the table of places is coarse.');
export const geoRowsMax = limit(5_000_000, 'row', 'Networks in the table of places that an operator gives.');
export const seenEveryMs = limit(minute, 'ms', 'How often it is noted that a session is in use.');
export const sessionsListMax = limit(1000, 'session', 'Sessions of an organization that are listed at one time.');
export const serviceAccountsMax = limit(1000, 'account', 'Service accounts of one organization.');
export const organizationsRecordedMax = limit(100, 'organization', 'Organizations in whose audit log one sign-in is recorded.');
