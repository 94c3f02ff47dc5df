//! Android verifies certificates itself, and wants to be told of the app before: without it the verifier panics at the first
//! `wss`. `org.callfold.AndroidTls` of the Kotlin half calls what is here.

use std::sync::atomic::{AtomicBool, Ordering};

use callfold::problem::ProblemCode;
use jni::errors::ThrowRuntimeExAndDefault;
use jni::objects::{JClass, JObject};
use jni::{EnvUnowned, jni_mangle};

use crate::error::CallfoldError;

static TOLD: AtomicBool = AtomicBool::new(false);

/// `AndroidTls.tell(context)`: any `Context` of the app. What goes wrong is thrown.
#[allow(unreachable_pub, reason = "the virtual machine reaches it, by name")]
#[jni_mangle("org.callfold.AndroidTls", "tell")]
pub fn tell<'local>(mut env: EnvUnowned<'local>, _class: JClass<'local>, context: JObject<'local>) {
    let told = env.with_env(|env| -> jni::errors::Result<()> {
        rustls_platform_verifier::android::init_with_env(env, context)?;
        TOLD.store(true, Ordering::Release);
        Ok(())
    });
    told.resolve::<ThrowRuntimeExAndDefault>();
}

/// Refuses what could not be verified, before it is dialled.
pub(crate) fn may_dial(addresses: &[String]) -> Result<(), CallfoldError> {
    let is_secure =
        |address: &String| address.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss:"));
    if addresses.iter().any(is_secure) && !TOLD.load(Ordering::Acquire) {
        let why = "certificates cannot be verified before AndroidTls.init was called";
        return Err(CallfoldError::of(ProblemCode::TlsFailed, why));
    }
    Ok(())
}
