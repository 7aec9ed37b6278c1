//! What a caller may do. Every route names the one scope it needs.

use std::fmt;

use domain::role::Role;

/// A kind of thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Enqueue and cancel messages.
    MessagesWrite,
    /// Look at messages and what became of them.
    MessagesRead,
    /// Say what became of a message whose fate is unknown: the word of a person, so no program that
    /// sends holds it by itself.
    MessagesResolve,
    /// Look at connections, accounts and numbers.
    ConnectionsRead,
    /// Make, change and end connections, and give them credentials.
    ConnectionsWrite,
    /// Look at who acts for the tenant.
    MembersRead,
    /// Say who acts for the tenant, and with which role.
    MembersWrite,
    /// Look at the API keys, but for their secrets.
    KeysRead,
    /// Make and revoke API keys.
    KeysWrite,
    /// Read the audit log.
    AuditRead,
    /// Read notifications, and note that they were read.
    NotificationsRead,
    /// Look at what Meta has posted.
    WebhooksRead,
    /// Replay what Meta has posted.
    WebhooksWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 13] = [
        Self::MessagesWrite,
        Self::MessagesRead,
        Self::MessagesResolve,
        Self::ConnectionsRead,
        Self::ConnectionsWrite,
        Self::MembersRead,
        Self::MembersWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::AuditRead,
        Self::NotificationsRead,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// What a key may do whose maker does not say: send messages and see what became of them.
    pub const OF_A_NEW_KEY: [Self; 2] = [Self::MessagesWrite, Self::MessagesRead];

    /// The word in rows and in the API document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessagesWrite => "messages:write",
            Self::MessagesRead => "messages:read",
            Self::MessagesResolve => "messages:resolve",
            Self::ConnectionsRead => "connections:read",
            Self::ConnectionsWrite => "connections:write",
            Self::MembersRead => "members:read",
            Self::MembersWrite => "members:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::AuditRead => "audit:read",
            Self::NotificationsRead => "notifications:read",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    /// Whether a member of that role holds it.
    pub const fn is_held_by(self, role: Role) -> bool {
        match role {
            Role::Owner => true,
            // Who says who is an owner, is one.
            Role::Admin => !matches!(self, Self::MembersWrite),
            Role::Agent => matches!(
                self,
                Self::MessagesWrite
                    | Self::MessagesRead
                    | Self::MessagesResolve
                    | Self::NotificationsRead
                    | Self::ConnectionsRead
            ),
            Role::Service => matches!(self, Self::MessagesWrite | Self::MessagesRead),
        }
    }

    /// The scopes that a role stands for.
    pub fn of_role(role: Role) -> Vec<Self> {
        Self::ALL.into_iter().filter(|scope| scope.is_held_by(role)).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// A text that names no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", Scope::ALL.map(Scope::as_str).join(", "))]
pub struct UnknownScope;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_reads_back_as_itself() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!("messages".parse::<Scope>(), Err(UnknownScope));
        assert!(UnknownScope.to_string().ends_with("webhooks:read, webhooks:write"));
    }

    #[test]
    fn a_role_holds_what_the_table_says_and_no_more() {
        let words = |role| {
            let scopes = Scope::of_role(role).into_iter().map(Scope::as_str);
            scopes.collect::<Vec<_>>().join(" ")
        };

        assert_eq!(Scope::of_role(Role::Owner), Scope::ALL);
        assert_eq!(Scope::of_role(Role::Admin).len(), Scope::ALL.len() - 1);
        assert!(!Scope::MembersWrite.is_held_by(Role::Admin));
        assert_eq!(
            words(Role::Agent),
            "messages:write messages:read messages:resolve connections:read notifications:read"
        );
        assert_eq!(words(Role::Service), "messages:write messages:read");
    }
}
