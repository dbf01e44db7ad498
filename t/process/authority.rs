//! Authorities that issue certificates for tests, right ones and wrong ones.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::CertificateDer;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate that may issue others, with its key.
pub(crate) struct Authority {
    parameters: CertificateParams,
    pub(crate) key: KeyPair,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) pem: String,
}

pub(crate) fn parameters(name: &str, serial: u64) -> CertificateParams {
    let mut made = CertificateParams::new(Vec::new()).unwrap();
    made.distinguished_name.push(DnType::CommonName, name);
    made.serial_number = Some(SerialNumber::from(serial));
    made.not_before = (SystemTime::now() - DAY).into();
    made.not_after = (SystemTime::now() + DAY).into();
    made
}

pub(crate) fn for_host(name: &str, serial: u64) -> CertificateParams {
    let mut made = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let plain = parameters(name, serial);
    made.distinguished_name = plain.distinguished_name;
    made.serial_number = plain.serial_number;
    (made.not_before, made.not_after) = (plain.not_before, plain.not_after);
    made
}

pub(crate) fn as_authority(mut parameters: CertificateParams) -> CertificateParams {
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

impl Authority {
    pub(crate) fn own(parameters: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            parameters,
            key,
        }
    }

    pub(crate) fn issue(&self, parameters: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        let made = parameters.signed_by(&key, &issuer).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            parameters,
            key,
        }
    }

    /// A list of revoked certificates, good until then.
    pub(crate) fn list(&self, revoked: &[u64], until: SystemTime) -> String {
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: (SystemTime::now() - DAY).into(),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: (SystemTime::now() - 3 * DAY).into(),
            next_update: until.into(),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&issuer).unwrap().pem().unwrap()
    }
}

pub(crate) fn late(one: &mut CertificateParams) {
    one.not_after = (SystemTime::now() - DAY / 2).into();
}

pub(crate) fn early(one: &mut CertificateParams) {
    one.not_before = (SystemTime::now() + DAY / 2).into();
}

pub(crate) fn for_clients(one: &mut CertificateParams) {
    one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}
