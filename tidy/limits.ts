import { limit } from '#kernel/contract/limit.ts';

export const linesMax = limit(400, 'line', 'Longest source file.');
export const columnsMax = limit(140, 'column', 'Widest line.');
