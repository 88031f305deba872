/**
 * What programs on servers say may hold a password: the line of a configuration that they do not like, the address
 * they could not reach. So whatever text comes from work is shown without secrets, whoever shows it.
 */
import { redactText } from '../decide/redact-text.ts';
import type { Failure } from '../failure.ts';
import type { Event } from '../types.ts';

export function redactedEvent(event: Event): Event {
  if (event.kind === 'progress') return event;
  const text = redactText(event.text);
  return text === event.text ? event : { ...event, text };
}

/** The words of a Failure. Hints are ours and name options such as --password-file. */
export function redactedFailure({ message, during, hint, topic }: Failure) {
  return { message: redactText(message), during: redactText(during), hint, topic };
}
