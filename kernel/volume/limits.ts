import { limit } from '../contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;

export const ballastBytes = limit(128 * mib, 'byte', 'Space held by the ballast file and given back when the disk runs full.');
export const ballastSliceBytes = limit(mib, 'byte', 'The ballast is written in slices of this size, so that nobody waits for it.');
export const ballastReserveShare = limit(4, 'part', 'With a reserve set by the operator the ballast is at most this part of it.');
export const ballastReleaseShare = limit(4, 'part', 'The ballast is released when the space free is below this part of it.');
export const reserveBytes = limit(2 * gib, 'byte', 'Changes are refused while less than this is free on the disk of the data directory.');
export const reserveLeastBytes = limit(mib, 'byte', 'Smallest reserve that an operator may set.');
export const spaceWarningTimes = limit(2, 'time', 'A warning comes while less than this many times the reserve is free.');
export const spaceAgainPercent = limit(110, 'percent', 'Changes are allowed again when this much of the reserve is free.');
export const spacePollMs = limit(1000, 'ms', 'Time between two looks at the free space.');
export const formatFileBytes = limit(64 * kib, 'byte', 'Largest format.json that is read.');
export const socketDirectoryBytes = limit(70, 'byte', 'Longest path of a directory for unix sockets; their addresses hold 107 bytes.');
