/** The label under which data names the subject it is about. */
export const subjectLabel = 'subject';

/** The attributes that say who something is about: ours, and OpenTelemetry's own words for it. */
export const subjectWords: ReadonlySet<string> = new Set([subjectLabel, 'enduser.id', 'user.id', 'user.email']);
