-- What a person is told in the portal and, if so chosen, by e-mail. A thing has one key: whoever produces it again makes nothing.
CREATE TABLE market.notifications (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL,
    -- 1 documents, 2 reminders, 3 alarms, 4 announcements, 5 gate, 6 votes, 7 accepted orders, 8 unusual use, 9 forecast of the bill.
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 9),
    key text NOT NULL CHECK (length(key) <= 120),
    -- Whom of the person's members it is about; null where it is about none of them.
    member_id integer,
    -- Which sentence says it, and what it is filled with: numbers and codes, written for machines.
    variant text NOT NULL CHECK (length(variant) <= 40),
    subject text NOT NULL CHECK (length(subject) <= 120),
    facts text[] NOT NULL,
    at timestamptz NOT NULL,
    -- Whether it stands in the portal; else it is a letter alone.
    shown boolean NOT NULL,
    read_at timestamptz,
    -- 0 no letter; 1 waits, 2 is being sent, 3 sent, 4 failed, 5 broken off while being sent, 6 refused meanwhile, 7 no address, 8 e-mail is not set up, 9 not so any more.
    mail_state smallint NOT NULL CHECK (mail_state BETWEEN 0 AND 9),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    begun_at timestamptz,
    sent_at timestamptz,
    outcome text CHECK (length(outcome) <= 300),
    CONSTRAINT pk_notifications PRIMARY KEY (loop_id, id),
    CONSTRAINT ux_notifications UNIQUE (loop_id, account_id, key));
CREATE INDEX ix_notifications_shown ON market.notifications (loop_id, account_id, id) WHERE shown;
CREATE INDEX ix_notifications_unread ON market.notifications (loop_id, account_id) WHERE shown AND read_at IS NULL;
CREATE INDEX ix_notifications_member ON market.notifications (loop_id, member_id);
CREATE INDEX ix_notifications_old ON market.notifications (loop_id, at);
CREATE INDEX ix_notifications_waiting ON market.notifications (next_at) WHERE mail_state = 1;
CREATE INDEX ix_notifications_sending ON market.notifications (begun_at) WHERE mail_state = 2;

-- What people chose other than what holds without a choice. Letters about kinds 1 to 4 are chosen in mail_refusals.
CREATE TABLE market.notification_choices (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    account_id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 9),
    portal boolean NOT NULL,
    mail boolean NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_notification_choices PRIMARY KEY (loop_id, account_id, kind));

-- How far each source has been gone through: the last document, the last cleared hour in seconds since 1970, the last day counted from year 1.
CREATE TABLE market.notification_marks (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    kind smallint NOT NULL,
    upto bigint NOT NULL,
    CONSTRAINT pk_notification_marks PRIMARY KEY (loop_id, kind));
