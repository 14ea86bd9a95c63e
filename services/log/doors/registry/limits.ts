import { limit } from '#kernel/contract/limit.ts';

export const pageItems = limit(1000, 'subject', 'Subjects that one answer gathers at a time.');
export const bodyMaxBytes = limit(2 * 1024 * 1024, 'byte', 'Largest body of a request to the schema registry.');
