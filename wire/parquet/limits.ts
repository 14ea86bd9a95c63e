/** The largest step between the numbers of two fields, and the longest list, that Thrift's compact protocol tells in half a byte. */
export const thriftShortMax = 15;
