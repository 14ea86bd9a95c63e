/** More bytes than a block of the largest size takes when nothing in it is compressed. */
export const bzip2BlockMaxBytes = 2 * 1024 * 1024;
