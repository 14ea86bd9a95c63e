/** Longest message that is read or built: all a switch sends fits many times over. */
export const iso8583MaxBytes = 32 * 1024;
/** Most TLV objects in one field 55, constructed ones and their children alike. */
export const tlvObjectsMax = 256;
/** Deepest nesting of constructed TLV objects. */
export const tlvDepthMax = 4;
