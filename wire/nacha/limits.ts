/** Longest file that is read: about 170,000 records. */
export const nachaMaxBytes = 16 * 1024 * 1024;
/** Most addenda of one CTX entry: what its four digits can say. */
export const addendaMax = 9999;
/** The largest amount of an entry, in cents: ten digits. */
export const entryCentsMax = 9_999_999_999;
