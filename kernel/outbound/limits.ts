import { limit } from '#kernel/contract/limit.ts';

const second = 1000;

export const outboundMs = limit(30 * second, 'ms', 'Longest time for a call to an address that a tenant chose, redirects included.');
export const redirectsMax = limit(3, 'redirect', 'Most redirects that such a call follows; each address is checked anew.');
export const answerMaxBytes = limit(1024 * 1024, 'byte', 'Largest answer to such a call that is read.');
export const answerHeadMaxBytes = limit(16 * 1024, 'byte', 'Largest head of an answer to such a call.');
export const addressLengthMax = limit(2048, 'character', 'Longest address that a tenant may choose.');
export const resolvedMax = limit(32, 'address', 'Most addresses of one host name that are looked at.');
export const lineIdleMs = limit(20 * second, 'ms', 'How long a kept connection may be silent.');
export const lineTotalMax = limit(1024, 'connection', 'Connections to addresses that tenants chose, kept or in use, of one process.');
