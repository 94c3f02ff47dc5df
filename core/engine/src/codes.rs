//! Result codes of commands and reasons of a disconnect (spec part 4). The texts are the protocol's,
//! spelling included: clients match on them. Numbers are promises and are never reused.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($number:literal $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "u16", try_from = "u16")]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!(stringify!($number), ": ", $text, ".")] $variant = $number,)+
        }

        impl $name {
            /// Every one of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The protocol's number.
            #[must_use]
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The protocol's text.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl From<$name> for u16 {
            fn from(code: $name) -> u16 {
                code.number()
            }
        }

        impl TryFrom<u16> for $name {
            type Error = String;

            fn try_from(number: u16) -> Result<Self, String> {
                match number {
                    $($number => Ok(Self::$variant),)+
                    other => Err(format!("{other} is no {}", stringify!($name))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", self.number(), self.text())
            }
        }
    };
}

codes!(
    /// Why a command was refused.
    ErrorCode {
        1000 SomethingGoesWrong "something goes wrong",
        1101 MethodNotSupported "method not supported by current Oktell version",
        1102 NoAnswer "server didnt understand method or response timeout",
        1103 MethodFailed "error execute method",
        1104 BadMethod "bad method for execute",
        1105 StoredProcedureFailed "error execute stored procedure",
        1106 BadParams "bad params",
        1200 CannotConnect "cant connect to server",
        1201 NoConnection "error websocket connection",
        1202 WrongLogin "error loginpass",
        1203 ServerTooOld "oktell version too old",
        1204 DesktopClientInUse "using oktell desktop client",
        1205 BadAddress "error url",
        1206 VersionNotLoaded "error loading version info",
        1207 LineNotLoaded "error loading phone state",
        1209 UserStateNotLoaded "error loading user state",
        1210 UserInfoNotLoaded "error loading user info",
        1211 LoginFailed "login failure",
        1212 BadSession "error connect using session",
        1213 NoCredential "no password or session",
        1214 LicenceLimit "max online users count reached, license limitation",
        1215 ServiceNotAvailable "oktell service is not available",
        2001 UserDisconnected "user state - disconnected",
        2002 PhoneNotConnected "phone not connected",
        2101 HoldAndTalk "user has hold call and is talking now",
        2102 InConference "user in conference now",
        2103 BadLineForCall "phone state not valid for call",
        2104 UserBusy "user state - busy",
        2105 AlreadyTalking "calling number is talking with us",
        2106 BadNumber "bad number",
        2107 AutocallFailed "error autocall method call",
        2108 BadStateForCall "error user or phone state for call",
        2201 NobodyToInvite "no numbers to invite",
        2202 CannotBuildConference "cant build conference from current call",
        2203 NobodyToConfer "no number to create conference",
        2204 ConferenceFailed "error conference method call",
        2205 BadStateForConference "bad user or phone state for creating conference",
        2206 CannotInviteHeld "cant invite hold abonent",
        2207 InviteFailed "error inviting",
        2208 OnBreak "cant create conference while in callcenter in break",
        2301 TransferFailed "error transfer method call",
        2302 BadStateForTransfer "bad user or phone state for transfer",
        2303 NothingToTransfer "nothing to transfer",
        2304 BadNumberForTransfer "bad number for transfer",
        2401 ToggleFailed "error toggle method executing",
        2402 NothingToToggle "nothing to toggle, no hold",
        2501 NotInConference "not in conference",
        2502 GhostFailed "server retunred error while enabling ghost mode",
        2503 BadGhostMode "bad ghost mode",
        2504 BadGhostTarget "bad userId or number",
        2505 NoRights "error rigths",
        2506 NotInGhost "user is not in ghost mode",
        2507 CannotGhost "cant change ghost mode of this user",
        2601 BadFlashMode "bad flash mode",
        2602 FlashFailed "error while exec flash method",
        2701 QueueNotLoaded "error while loading user queue",
        2801 WrongOldPassword "wrong old password",
        2802 BadNewPassword "incorrect new password",
        2803 ChangePasswordFailed "error while exec changepassword method on server",
        2901 IncorrectState "incorrect state",
        2902 AnswerNotSupported "phone probably does not support intercom calls",
        4001 UnknownUserStatus "incorrect user status",
        4002 UnsettableUserStatus "not settable user status",
        4003 NoRedirectNumber "number for redirect not defined",
    }
);

codes!(
    /// Why a connection ended. Told with a space at the end of the text, as the protocol does.
    DisconnectReason {
        10 CriticalMethodMissing "critical ws method not supported by this version of Oktell server",
        11 VersionNotLoaded "error loading version info",
        12 ConnectionClosed "websocket connection closed",
        13 ByUser "disconnected by user",
        14 CannotLogin "can't login using oktell.connect",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_none_is_used_twice() {
        assert!(ErrorCode::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(DisconnectReason::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::try_from(code.number()), Ok(*code));
        }
        assert_eq!(ErrorCode::try_from(7).unwrap_err(), "7 is no ErrorCode");
    }
}
