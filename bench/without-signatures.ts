import sodium from 'sodium-native'

/**
 * Loaded before a role: Ed25519 costs its receipts nothing from then on, and proves nothing. What is left of the
 * difference to another run is what the signatures of receipts cost.
 */
sodium.crypto_sign_detached = signature => void signature.fill(1)
sodium.crypto_sign_verify_detached = () => true
